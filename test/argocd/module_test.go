package argocd

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const argoCD = "github.com/argoproj/argo-cd/v3"

// argoCDFolder is where the module lies that is tested against.
func argoCDFolder(t *testing.T) string {
	t.Helper()
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", argoCD).Output()
	must(t, err)
	return strings.TrimSpace(string(folder))
}

// replacements are a go.mod's `replace` lines.
func replacements(t *testing.T, file string) (lines any) {
	t.Helper()
	output, err := exec.Command("go", "mod", "edit", "-json", file).Output()
	must(t, err)
	var module struct{ Replace any }
	must(t, json.Unmarshal(output, &module))
	return module.Replace
}

// Go heeds only those of the main module: without Argo CD's own, it would be tested with other versions than it is released with.
func TestModulesAreReplacedAsArgoCDDoes(t *testing.T) {
	equal(t, "the replace lines", replacements(t, "go.mod"), replacements(t, filepath.Join(argoCDFolder(t), "go.mod")))
}
