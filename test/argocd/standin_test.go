package argocd

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// githubToken is the token that Argo CD and Greenpin send to GitHub.
const githubToken = "loopback-only-github"

// standIn is GitHub and the CI that pushes images: stand-in.ts, which takes commands as lines of JSON.
type standIn struct {
	t *testing.T
	// url is the URL of its API for Greenpin's configuration.
	url     string
	input   io.Writer
	answers *bufio.Scanner
}

// built is a build: the commit's full SHA, and the digest of each image by the image's name.
type built struct {
	Commit  string            `json:"commit"`
	Digests map[string]string `json:"digests"`
}

// fields are a command's arguments.
type fields map[string]any

// red is a run that failed.
var red = fields{"conclusion": "failure"}

func startStandIn(t *testing.T) *standIn {
	t.Helper()
	command := exec.Command(node(t), "stand-in.ts")
	command.Env = append(os.Environ(), "GITHUB_TOKEN="+githubToken)
	input, err := command.StdinPipe()
	must(t, err)
	output, err := command.StdoutPipe()
	must(t, err)
	start(t, command)
	s := &standIn{t: t, input: input, answers: bufio.NewScanner(output)}
	s.answers.Buffer(nil, 1<<20)
	var first struct{ URL string }
	s.read(&first)
	s.url = first.URL
	t.Cleanup(func() { s.tell("verify", fields{}, nil) })
	return s
}

// tell sends a command and waits for its answer.
func (s *standIn) tell(command string, arguments fields, result any) {
	s.t.Helper()
	line, err := json.Marshal(fields{"command": command, "arguments": arguments})
	must(s.t, err)
	_, err = fmt.Fprintf(s.input, "%s\n", line)
	must(s.t, err)
	var answer struct {
		Result json.RawMessage
		Error  string
	}
	s.read(&answer)
	if answer.Error != "" {
		s.t.Fatalf("the stand-in refused %s: %s", command, answer.Error)
	}
	if result != nil {
		must(s.t, json.Unmarshal(answer.Result, result))
	}
}

func (s *standIn) read(into any) {
	s.t.Helper()
	if !s.answers.Scan() {
		s.t.Fatal("the stand-in has ended")
	}
	must(s.t, json.Unmarshal(s.answers.Bytes(), into))
}

// goesDown makes GitHub answer 503 to every request, or to those whose path matches the regular expression.
func (s *standIn) goesDown(path string) {
	s.t.Helper()
	s.tell("break", fields{"fault": fields{"kind": "status", "status": 503}, "path": path}, nil)
}

// hangs makes GitHub accept requests and never answer them.
func (s *standIn) hangs(path string) {
	s.t.Helper()
	s.tell("break", fields{"fault": fields{"kind": "hang"}, "path": path}, nil)
}

func (s *standIn) heals() {
	s.t.Helper()
	s.tell("heal", fields{}, nil)
}
