package argocd

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const argoCD = "github.com/argoproj/argo-cd/v3"

// argoCDFolder returns the folder of Argo CD's module.
func argoCDFolder(t *testing.T) string {
	t.Helper()
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", argoCD).Output()
	must(t, err)
	return strings.TrimSpace(string(folder))
}

// replacements returns the `replace` lines of a go.mod.
func replacements(t *testing.T, file string) (lines any) {
	t.Helper()
	output, err := exec.Command("go", "mod", "edit", "-json", file).Output()
	must(t, err)
	var module struct{ Replace any }
	must(t, json.Unmarshal(output, &module))
	return module.Replace
}

// Go applies only the main module's replacements. Without Argo CD's, the tests would use other versions than
// its releases.
func TestModulesAreReplacedAsArgoCDDoes(t *testing.T) {
	equal(t, "the replace lines", replacements(t, "go.mod"), replacements(t, filepath.Join(argoCDFolder(t), "go.mod")))
}
