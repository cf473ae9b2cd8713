package argocd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/yaml"
)

// rendered maps each example to the Applications that it yields if each branch has a build.
var rendered = map[string]func(*world) pins{
	"previews.yaml":                     renderPreviews,
	"previews-plain.yaml":               renderPreviews,
	"documented.yaml":                   renderDocumented,
	"previews-of-several-services.yaml": renderSeveralServices,
	"previews-of-front-and-back.yaml":   renderFrontAndBack,
	"long-lived-branches.yaml":          renderLongLivedBranches,
}

func renderPreviews(w *world) pins {
	one := w.shop("one", nil)
	w.open("acme/shop", 1, "one", one.Commit)
	return pins{"shop-pr-1": w.shopPinned(one)}
}

func renderDocumented(w *world) pins {
	one := w.shop("feature/One", nil)
	w.open("acme/shop", 1, "feature/One", one.Commit)
	return pins{"fb-matrix-feature-one": w.shopPinned(one)}
}

func renderSeveralServices(w *world) pins {
	cart := w.service("acme/cart", "one")
	search := w.service("acme/search", "one")
	w.open("acme/cart", 1, "one", cart.Commit)
	w.open("acme/search", 1, "one", search.Commit)
	return pins{"cart-pr-1": w.pinned(cart, "acme/cart"), "search-pr-1": w.pinned(search, "acme/search")}
}

func renderFrontAndBack(w *world) pins {
	web := w.service("acme/web", "one")
	api := w.service("acme/api", "main")
	w.open("acme/web", 1, "one", web.Commit)
	return pins{"web-pr-1": append(w.pinned(web, "acme/web"), w.pinned(api, "acme/api")...)}
}

func renderLongLivedBranches(w *world) pins {
	staging, production := w.shop("main", nil), w.shop("release", nil)
	return pins{"shop-staging": w.shopPinned(staging), "shop-production": w.shopPinned(production)}
}

func TestExampleIsRenderedByTheRealController(t *testing.T) {
	t.Parallel()
	application := loadKind(t, "application")
	for file, render := range rendered {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, file, "20s")
			w.expect(render(w))
			equal(t, "the interval", w.cluster.reconcile().RequeueAfter, 30*time.Second)
			for _, each := range w.cluster.applications() {
				manifest, err := yaml.Marshal(each)
				must(t, err)
				application.check(t, manifest)
				equal(t, "a build's page", strings.HasPrefix(each.Spec.Info[0].Value, "https://github.com/acme/"), true)
			}
		})
	}
}

func TestEveryExampleIsRenderedAndValidByArgoCDsOwnSchema(t *testing.T) {
	set := loadKind(t, "applicationset")
	files, err := filepath.Glob(filepath.Join(root, "docs/examples/*.yaml"))
	must(t, err)
	count := 0
	for _, path := range files {
		content, err := os.ReadFile(path)
		must(t, err)
		if !strings.Contains(string(content), "\nkind: ApplicationSet\n") {
			continue
		}
		count++
		t.Run(filepath.Base(path), func(t *testing.T) {
			equal(t, "a test renders it", rendered[filepath.Base(path)] != nil, true)
			set.check(t, content)
			checkNested(t, content)
		})
	}
	equal(t, "how many there are", count, len(rendered))
}

// checkNested checks matrices in a matrix, which the schema does not validate.
func checkNested(t *testing.T, content []byte) {
	t.Helper()
	var set argo.ApplicationSet
	must(t, yaml.UnmarshalStrict(content, &set))
	for _, generator := range set.Spec.Generators {
		for _, nested := range generator.Matrix.Generators {
			if nested.Matrix != nil {
				must(t, yaml.UnmarshalStrict(nested.Matrix.Raw, &argo.NestedMatrixGenerator{}))
			}
		}
	}
}

func TestPreviewOfFrontAndBackFollowsBoth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "previews-of-front-and-back.yaml", "20s")
	w.expect(renderFrontAndBack(w))
	web, api := w.service("acme/web", "one"), w.service("acme/api", "main")
	w.await(pins{"web-pr-1": append(w.pinned(web, "acme/web"), w.pinned(api, "acme/api")...)})
	application := w.cluster.applications()["web-pr-1"]
	equal(t, "the manifests' revision", application.Spec.GetSource().TargetRevision, web.Commit)
	w.open("acme/web", 2, "two", web.Commit)
	equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
}

func TestBranchThatOthersNeedIsAnErrorWhileItHasNoBuild(t *testing.T) {
	t.Parallel()
	for file, repository := range map[string]string{
		"previews-of-front-and-back.yaml": "acme/api",
		"long-lived-branches.yaml":        "acme/shop",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, file, "20s")
			web := w.service("acme/web", "one")
			w.open("acme/web", 1, "one", web.Commit)
			w.push(repository, []string{"another"}, nil)
			w.expectFailure(w.askedAgain(w.githubHost()), `API error with status code 502: .*onNoBuild: error`)
			equal(t, "the Applications", w.cluster.pins(), pins{})
			w.await(rendered[file](w))
		})
	}
}

func TestLongLivedEnvironmentIsNotDeletedEvenWhenItsLineIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "long-lived-branches.yaml", "20s")
	want := renderLongLivedBranches(w)
	w.expect(want)
	set := w.cluster.applicationSet()
	list := set.Spec.Generators[0].Matrix.Generators[0].List
	list.Elements = list.Elements[:1]
	must(t, w.cluster.client.Update(t.Context(), &set))
	w.expect(want)
}
