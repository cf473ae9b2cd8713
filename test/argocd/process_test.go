package argocd

import (
	"bufio"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is the time limit for everything, on a busy machine too.
const patience = 60 * time.Second

// root is the checkout.
var root = filepath.Join("..", "..")

// process is a child process that ends with its test.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
	mutex   sync.Mutex
	written []string
}

// start runs the program. Its stderr can be waited for, and is printed if the test fails.
func start(t *testing.T, command *exec.Cmd) *process {
	t.Helper()
	p := &process{command: command, ended: make(chan struct{})}
	stderr, err := command.StderrPipe()
	must(t, err)
	must(t, command.Start())
	go func() {
		p.read(stderr)
		_ = command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s wrote:\n%s", filepath.Base(command.Path), strings.Join(p.lines(), "\n"))
		}
	})
	return p
}

func (p *process) read(stream io.Reader) {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		p.mutex.Lock()
		p.written = append(p.written, lines.Text())
		p.mutex.Unlock()
	}
}

func (p *process) lines() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return append([]string(nil), p.written...)
}

// seen waits for a matching line, and returns the first group.
func (p *process) seen(t *testing.T, pattern *regexp.Regexp) (found string) {
	t.Helper()
	eventually(t, "a line like "+pattern.String(), func() bool {
		for _, line := range p.lines() {
			if match := pattern.FindStringSubmatch(line); match != nil {
				found = match[1]
				return true
			}
		}
		select {
		case <-p.ended:
			t.Fatalf("%s ended early:\n%s", p.command.Path, strings.Join(p.lines(), "\n"))
		default:
		}
		return false
	})
	return found
}

// kill ends the process with SIGKILL.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// freeze stops the process: its port accepts connections, and nothing answers.
func (p *process) freeze(t *testing.T) {
	t.Helper()
	must(t, p.command.Process.Signal(syscall.SIGSTOP))
}

func (p *process) thaw(t *testing.T) {
	t.Helper()
	must(t, p.command.Process.Signal(syscall.SIGCONT))
}

// Ports outside Linux' ephemeral range (ip_local_port_range), in which any outgoing connection may take the
// port of a server that is down for a moment.
const firstPort, lastPort = 20_000, 32_000

var reserved sync.Map

// reservePort returns a free port on loopback that a server can take again after a restart.
func reservePort(t *testing.T) int {
	t.Helper()
	for range 1000 {
		port := firstPort + rand.Intn(lastPort-firstPort)
		if _, taken := reserved.LoadOrStore(port, true); taken {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			must(t, listener.Close())
			return port
		}
	}
	t.Fatal("no port is free on loopback")
	return 0
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not come in %s: %s", patience, what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// prerequisite returns the path of something that the tests require.
func prerequisite(t *testing.T, path, remedy string) string {
	t.Helper()
	absolute, err := filepath.Abs(path)
	must(t, err)
	if _, err := os.Stat(absolute); err != nil {
		t.Fatalf("%s is missing: %s", path, remedy)
	}
	return absolute
}

func node(t *testing.T) string {
	t.Helper()
	return prerequisite(t, filepath.Join(root, "node_modules/.bin/node"), "npm ci")
}
