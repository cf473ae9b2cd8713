package argocd

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"sigs.k8s.io/yaml"
)

// greenpin is the built `greenpin serve` with the configuration in docs/examples.
type greenpin struct {
	t      *testing.T
	folder string
	// config is the content of greenpin.yaml.
	config     map[string]any
	process    *process
	baseURL    string
	management string
	versions   int
}

var (
	serves  = regexp.MustCompile(`"server":"(http://[^"]+)".*"listening"`)
	manages = regexp.MustCompile(`"management":"(http://[^"]+)".*"listening"`)
)

// startGreenpin changes only addresses, paths and freshFor in the documented configuration.
func startGreenpin(t *testing.T, w *world, deadline string) *greenpin {
	t.Helper()
	g := &greenpin{t: t, folder: t.TempDir(), config: map[string]any{}}
	must(t, yaml.UnmarshalStrict([]byte(w.local(example(t, "greenpin.yaml"))), &g.config))
	g.config["server"] = map[string]any{"host": "127.0.0.1", "port": reservePort(t), "tokenFile": "argo/token", "deadline": deadline}
	g.config["management"] = map[string]any{"host": "127.0.0.1", "port": 0}
	g.config["freshFor"] = "100ms"
	g.mount(token)
	g.start()
	return g
}

// mount swaps the token's file as the kubelet does: by a symlink to a folder.
func (g *greenpin) mount(token string) {
	g.t.Helper()
	g.versions++
	folder := filepath.Join(g.folder, fmt.Sprintf("..version_%d", g.versions))
	must(g.t, os.Mkdir(folder, 0o700))
	must(g.t, os.WriteFile(filepath.Join(folder, "token"), []byte(token+"\n"), 0o600))
	link := filepath.Join(g.folder, "argo")
	must(g.t, os.Symlink(filepath.Base(folder), link+"_next"))
	must(g.t, os.Rename(link+"_next", link))
}

// start starts the process, or restarts it at the same address with the same store.
func (g *greenpin) start() {
	g.t.Helper()
	file := filepath.Join(g.folder, "greenpin.yaml")
	content, err := json.Marshal(g.config) // JSON is YAML
	must(g.t, err)
	must(g.t, os.WriteFile(file, content, 0o600))
	main := prerequisite(g.t, filepath.Join(root, "dist/main.js"), "npm run build")
	command := exec.Command(node(g.t), main, "serve")
	command.Dir = g.folder
	command.Env = []string{"GITHUB_TOKEN=" + githubToken, "PATH=" + os.Getenv("PATH")}
	g.process = start(g.t, command)
	g.baseURL = g.process.seen(g.t, serves)
	g.management = g.process.seen(g.t, manages)
}

// sent matches a line of the metrics that counts requests to CI and registries.
var sent = regexp.MustCompile(`(?m)^greenpin_upstream_requests_total\{.*host="([^"]+)".*\} (\d+)$`)

// asked returns the number of requests to the host, answered or not.
func (g *greenpin) asked(host string) (count int) {
	g.t.Helper()
	response, err := http.Get(g.management + "/metrics")
	must(g.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(g.t, err)
	for _, match := range sent.FindAllStringSubmatch(string(text), -1) {
		if match[1] == host {
			more, err := strconv.Atoi(match[2])
			must(g.t, err)
			count += more
		}
	}
	return count
}
