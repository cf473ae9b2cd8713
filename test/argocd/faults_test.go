package argocd

import (
	"regexp"
	"testing"

	core "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A fault must not change any Application, and the ApplicationSet's message about it must stay the same: a
// new text on each reconcile would wake every watcher. So each case checks the message, and then the
// recovery.

func (w *world) expectFailure(enough func() bool, pattern string) {
	w.t.Helper()
	failure := w.expectHeld(enough)
	w.t.Logf("the ApplicationSet says: %s", failure)
	if !regexp.MustCompile(pattern).MatchString(failure) {
		w.t.Fatalf("the failure is %q, expected something like %s", failure, pattern)
	}
}

func TestGitHubDownChangesNoApplication(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	w.github.goesDown("")
	w.expectFailure(always, `error listing pull requests for acme/shop: .*503`)
	w.github.heals()
	newer := w.shop("two", nil)
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}

func TestActionsAPIDownIsNoFailureForPullRequestsThatAreDeployed(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	w.github.goesDown("/actions/")
	equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
	newer := w.shop("two", nil)
	w.github.heals()
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}

func TestActionsAPIThatHangsCostsTheDeadlineAndNoApplication(t *testing.T) {
	w, one, two := documentedWith(t, "previews.yaml", "3s")
	w.github.hangs("/actions/")
	equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
	w.github.heals()
	three := w.shop("three", nil)
	w.open("acme/shop", 3, "three", three.Commit)
	w.await(pins{
		"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(two), "shop-pr-3": w.shopPinned(three),
	})
}

func TestRegistryDownIsNoFailureForPullRequestsThatAreDeployed(t *testing.T) {
	w, _, two := documented(t, "previews.yaml")
	newer := w.shop("one", nil)
	w.registry.process.kill()
	equal(t, "the failure", w.expectHeld(w.askedAgain(w.registry.host)), "")
	w.registry.start()
	w.await(pins{"shop-pr-1": w.shopPinned(newer), "shop-pr-2": w.shopPinned(two)})
}

func TestPluginKilledChangesNoApplication(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	newer := w.shop("two", nil)
	w.greenpin.process.kill()
	w.expectFailure(always, `connection refused`)
	w.greenpin.start()
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}

func TestPluginSlowerThanRequestTimeoutChangesNoApplication(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	w.configMap(func(data map[string]string) { data["requestTimeout"] = "1" })
	newer := w.shop("two", nil)
	w.greenpin.process.freeze(t)
	w.expectFailure(always, `Client\.Timeout exceeded while awaiting headers`)
	w.greenpin.process.thaw(t)
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}

func TestWrongTokenChangesNoApplication(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	newer := w.shop("two", nil)
	w.showToken("wrong")
	w.expectFailure(always, `API error with status code 403: `)
	w.showToken(token)
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}

func TestPluginRestartedWhileItsUpstreamsAreDownKeepsAllApplications(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	newer := w.shop("two", nil)
	w.greenpin.process.kill()
	w.registry.process.kill()
	w.github.goesDown("/actions/")
	w.greenpin.start()
	equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
	w.github.heals()
	w.registry.start()
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}

func TestTokenIsRotatedWithoutARestart(t *testing.T) {
	t.Parallel()
	sides := map[string][]func(*world){
		"Argo CD first":  {func(w *world) { w.showToken("rotated") }, func(w *world) { w.greenpin.mount("rotated") }},
		"Greenpin first": {func(w *world) { w.greenpin.mount("rotated") }, func(w *world) { w.showToken("rotated") }},
	}
	for first, rotate := range sides {
		t.Run(first, func(t *testing.T) {
			w, one, _ := documented(t, "previews.yaml")
			rotate[0](w)
			w.expectFailure(always, `API error with status code 403: `)
			rotate[1](w)
			newer := w.shop("two", nil)
			w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
		})
	}
}

func TestTokensSecretIsFoundByItsNameWithoutALabel(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	var secret core.Secret
	must(t, w.cluster.client.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: "greenpin"}, &secret))
	secret.Labels = nil
	must(t, w.cluster.client.Update(t.Context(), &secret))
	newer := w.shop("two", nil)
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}

// configMap changes the plugin's ConfigMap.
func (w *world) configMap(change func(map[string]string)) {
	w.t.Helper()
	var configMap core.ConfigMap
	must(w.t, w.cluster.client.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: "greenpin"}, &configMap))
	change(configMap.Data)
	must(w.t, w.cluster.client.Update(w.t.Context(), &configMap))
}

// showToken changes the token that Argo CD sends to Greenpin.
func (w *world) showToken(token string) {
	w.t.Helper()
	var secret core.Secret
	must(w.t, w.cluster.client.Get(w.t.Context(), client.ObjectKey{Namespace: namespace, Name: "greenpin"}, &secret))
	secret.Data["token"] = []byte(token)
	must(w.t, w.cluster.client.Update(w.t.Context(), &secret))
}
