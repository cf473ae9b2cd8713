package argocd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// registry is the CNCF distribution registry, from Debian's package, on loopback.
type registry struct {
	t       *testing.T
	folder  string
	process *process
	// host is HOST:PORT, which a restart keeps.
	host string
}

const registryConfig = "version: 0.1\nstorage: {filesystem: {rootdirectory: images}}\nhttp: {addr: '127.0.0.1:0'}\n"

var registryListens = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

func startRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{t: t, folder: t.TempDir(), host: fmt.Sprintf("127.0.0.1:%d", reservePort(t))}
	must(t, os.WriteFile(filepath.Join(r.folder, "config.yml"), []byte(registryConfig), 0o600))
	r.start()
	return r
}

// start starts the registry, or restarts it with its data.
func (r *registry) start() {
	r.t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		r.t.Fatal("docker-registry is missing: apt-get install docker-registry")
	}
	command := exec.Command(program, "serve", "config.yml")
	command.Dir = r.folder
	command.Env = []string{"REGISTRY_HTTP_ADDR=" + r.host, "OTEL_TRACES_EXPORTER=none"}
	r.process = start(r.t, command)
	r.host = r.process.seen(r.t, registryListens)
}
