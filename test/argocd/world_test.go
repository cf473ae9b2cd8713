package argocd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// token is the token that Argo CD sends to Greenpin, until it is rotated.
const token = "loopback-only-argo"

// world is everything between GitHub and the Applications. Each part is real, except that GitHub is a
// stand-in.
type world struct {
	t        *testing.T
	github   *standIn
	registry *registry
	greenpin *greenpin
	cluster  *cluster
}

// newWorld starts a world with an ApplicationSet from docs/examples and this server.deadline.
func newWorld(t *testing.T, file, deadline string) *world {
	t.Helper()
	w := &world{t: t, github: startStandIn(t), registry: startRegistry(t), cluster: startCluster(t)}
	w.greenpin = startGreenpin(t, w, deadline)
	w.create(&core.Secret{
		ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: "github"},
		Data:       map[string][]byte{"token": []byte(githubToken)},
	})
	for _, document := range strings.Split(w.local(example(t, "plugin.yaml")), "\n---\n") {
		w.create(decode(t, document))
	}
	set := &argo.ApplicationSet{}
	must(t, yaml.UnmarshalStrict([]byte(w.local(example(t, file))), set))
	w.create(set)
	return w
}

// local points a text of docs/examples at this world, by changing hosts and the token.
func (w *world) local(text string) string {
	pairs := []string{"https://api.github.com", w.github.url, "ghcr.io", w.registry.host, "change me", token}
	if w.greenpin != nil {
		pairs = append(pairs, "http://greenpin.greenpin.svc:4355", w.greenpin.baseURL)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// example returns a file of docs/examples.
func example(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, "docs/examples", file))
	must(t, err)
	return string(content)
}

// decode rejects fields that Kubernetes' kinds do not know.
func decode(t *testing.T, document string) client.Object {
	t.Helper()
	var kind meta.TypeMeta
	must(t, yaml.Unmarshal([]byte(document), &kind))
	object, err := scheme.Scheme.New(kind.GroupVersionKind())
	must(t, err)
	must(t, yaml.UnmarshalStrict([]byte(document), object))
	return object.(client.Object)
}

// create converts stringData as the API server does.
func (w *world) create(object client.Object) {
	w.t.Helper()
	if secret, ok := object.(*core.Secret); ok && secret.Data == nil {
		secret.Data = map[string][]byte{}
		for key, value := range secret.StringData {
			secret.Data[key] = []byte(value)
		}
		secret.StringData = nil
	}
	must(w.t, w.cluster.client.Create(w.t.Context(), object))
}

// push adds a commit to each branch of the repository, and a build of it: green, unless `run` says otherwise.
func (w *world) push(repository string, branches []string, run fields, images ...string) (result []built) {
	w.t.Helper()
	w.github.tell("build", fields{
		"repository": repository, "branches": branches, "run": run, "registry": w.registry.host,
		"images": append([]string{}, images...),
	}, &result)
	return result
}

// service pushes to a repository that builds one image of the same name.
func (w *world) service(repository, branch string) built {
	w.t.Helper()
	return w.push(repository, []string{branch}, nil, repository)[0]
}

// shop pushes to acme/shop, which builds two images.
func (w *world) shop(branch string, run fields) built {
	w.t.Helper()
	return w.push("acme/shop", []string{branch}, run, "acme/shop-front", "acme/shop-back")[0]
}

// open opens a pull request from a branch of the repository itself.
func (w *world) open(repository string, number int, branch, head string) {
	w.t.Helper()
	change := fields{"ref": branch, "sha": head}
	w.github.tell("openPullRequest", fields{"repository": repository, "number": number, "change": change}, nil)
}

// change changes an open pull request.
func (w *world) change(repository string, number int, change fields) {
	w.t.Helper()
	w.github.tell("changePullRequest", fields{"repository": repository, "number": number, "change": change}, nil)
}

// pinned returns the images that an Application must have after this build.
func (w *world) pinned(b built, images ...string) []string {
	var pinned []string
	for _, image := range images {
		pinned = append(pinned, w.registry.host+"/"+image+"@"+b.Digests[image])
	}
	return pinned
}

// shopPinned returns those of acme/shop.
func (w *world) shopPinned(b built) []string {
	return w.pinned(b, "acme/shop-front", "acme/shop-back")
}
