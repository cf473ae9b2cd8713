package argocd

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Where Argo CD's slug is a valid name, Greenpin's is the same; otherwise it is a hash.
func TestSlugsAreArgoCDs(t *testing.T) {
	t.Parallel()
	branches := append(everyCharacter(), randomBranches()...)
	theirs, ours := slugsOfArgoCD(t, branches), slugsOfGreenpin(t, branches)
	hashes, different := 0, 0
	for i, branch := range branches {
		want := theirs[i]
		if len(validation.IsDNS1123Label(want)) > 0 {
			want = fmt.Sprintf("b-%x", sha256.Sum256([]byte(branch)))[:12]
			hashes++
		}
		if ours[i] != want {
			t.Errorf("the slug of %+q is %q, expected %q", branch, ours[i], want)
			if different++; different == 50 {
				t.Fatal("and more")
			}
		}
	}
	t.Logf("%d names, %d of them hashed", len(branches), hashes)
}

// everyCharacter returns each character of the first plane between letters, and some of each other plane.
func everyCharacter() (branches []string) {
	for c := rune(0); c <= 0x10ffff; c++ {
		surrogate := c >= 0xd800 && c <= 0xdfff
		if !surrogate && (c <= 0xffff || c%0x101 == 0) {
			branches = append(branches, "x"+string(c)+"y")
		}
	}
	return branches
}

// alphabets are characters in names of branches.
var alphabets = [][]rune{
	[]rune("abcdefghijklmnopqrstuvwxyz0123456789"),
	[]rune("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
	[]rune("-_/.-_/.-_/."),
	[]rune("#@&+=!,;()[]{}'\"$%`|<> \t\u00a0\u2003\u205f\u3000\u0085\ufeff"),
	[]rune("äöüÄÖÜßéèñçøåŁódźžğİıœæ\u0301\u0308"),
	[]rune("абвгдежзийклмнопрстуфхцчшщъыьэюяЁЄІЇҐ"),
	[]rune("αβγδεζηθικλμνξοπρστυφχψωάέή"),
	[]rune("日本語中文第一版機能修正ひらがなつちしカタカナツチシ한국어"),
	[]rune("مرحبابالعالم\u200fשלוםעולם\u200e"),
	[]rune("’‒–—―‗＿－€™①ⓐ½…«»"),
	[]rune("🚀🐛✨👩‍💻🏳️‍🌈𝒳"),
}

// randomBranches returns names of 1 to 255 characters from one or several alphabets, the same ones each time.
func randomBranches() (branches []string) {
	random := rand.New(rand.NewSource(1))
	for range 20_000 {
		mixed := []([]rune){alphabets[random.Intn(len(alphabets))], alphabets[random.Intn(3)], alphabets[random.Intn(len(alphabets))]}
		length := 1 + random.Intn(70)
		if random.Intn(10) == 0 {
			length = 1 + random.Intn(255)
		}
		var branch strings.Builder
		for range length {
			alphabet := mixed[random.Intn(len(mixed))]
			branch.WriteRune(alphabet[random.Intn(len(alphabet))])
		}
		branches = append(branches, branch.String())
	}
	return branches
}

// slugsOfArgoCD returns the slugs that Argo CD's pullRequest generator passes to templates for these
// branches.
func slugsOfArgoCD(t *testing.T, branches []string) (slugs []string) {
	t.Helper()
	pulls := make([]fields, len(branches))
	for i, branch := range branches {
		pulls[i] = fields{
			"number": i + 1, "title": "", "user": fields{"login": "someone"},
			"head": fields{"ref": branch, "sha": strings.Repeat("a", 40)}, "base": fields{"ref": "main"},
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(pulls)
	}))
	defer server.Close()
	generator := argo.ApplicationSetGenerator{PullRequest: &argo.PullRequestGenerator{
		Github: &argo.PullRequestGeneratorGithub{API: server.URL, Owner: "acme", Repo: "shop"},
	}}
	cluster := startCluster(t)
	sets, err := cluster.reconciler.Generators["PullRequest"].GenerateParams(&generator, &argo.ApplicationSet{}, cluster.client)
	must(t, err)
	equal(t, "the number of parameter sets", len(sets), len(branches))
	for _, set := range sets {
		slugs = append(slugs, set["branch_slug"].(string))
	}
	return slugs
}

func slugsOfGreenpin(t *testing.T, branches []string) (slugs []string) {
	t.Helper()
	names, err := json.Marshal(branches)
	must(t, err)
	command := exec.Command(node(t), "slugs.ts")
	command.Stdin, command.Stderr = bytes.NewReader(names), os.Stderr
	output, err := command.Output()
	must(t, err)
	must(t, json.Unmarshal(output, &slugs))
	equal(t, "the number of slugs", len(slugs), len(branches))
	return slugs
}
