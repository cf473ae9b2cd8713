package argocd

import (
	"testing"
	"time"
)

// openNow opens a pull request that is created now.
func (w *world) openNow(repository string, number int, branch, head string) {
	w.t.Helper()
	change := fields{"ref": branch, "sha": head, "created_at": time.Now().UTC().Format(time.RFC3339)}
	w.github.tell("openPullRequest", fields{"repository": repository, "number": number, "change": change}, nil)
}

// faultsForNew are faults while a pull request is opened for which nothing was handed out.
var faultsForNew = map[string]struct{ fail, heal func(*world) }{
	"CI": {
		func(w *world) { w.github.goesDown("/actions/") },
		func(w *world) { w.github.heals() },
	},
	"the registry": {
		func(w *world) { w.registry.process.kill() },
		func(w *world) { w.registry.start() },
	},
}

// The store has lost nothing since before, so nothing was ever handed out for the new pull request.
func TestNewPullRequestWhileAnUpstreamFailsDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	for upstream, fault := range faultsForNew {
		t.Run(upstream, func(t *testing.T) {
			w, one, _ := documented(t, "previews.yaml")
			// GitHub's times have whole seconds, so wait until they are certainly later than the store.
			time.Sleep(2 * time.Second)
			three := w.shop("three", nil)
			fault.fail(w)
			w.openNow("acme/shop", 3, "three", three.Commit)
			equal(t, "the failure", w.expectHeld(always), "")
			w.change("acme/shop", 2, fields{"state": "closed"})
			w.expect(pins{"shop-pr-1": w.shopPinned(one)})
			fault.heal(w)
			w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-3": w.shopPinned(three)})
		})
	}
}

// Without a persistent store, something may have been handed out before the start.
func TestNewPullRequestWhileAnUpstreamFailsIsAnErrorWithoutAPersistentStore(t *testing.T) {
	t.Parallel()
	for upstream, fault := range faultsForNew {
		t.Run(upstream, func(t *testing.T) {
			w, one, two := documented(t, "previews.yaml")
			w.greenpin.process.kill()
			w.greenpin.config["store"] = map[string]any{"kind": "memory"}
			w.greenpin.start()
			w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(two)})
			three := w.shop("three", nil)
			fault.fail(w)
			w.openNow("acme/shop", 3, "three", three.Commit)
			w.expectFailure(always, `API error with status code 502: `)
			fault.heal(w)
			w.await(pins{
				"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(two), "shop-pr-3": w.shopPinned(three),
			})
		})
	}
}

// server.patience is 2 s. Only a branch without a last good answer waits for server.deadline, which is above
// requestTimeout.
func TestHangingUpstreamIsNoFailureEvenIfRequestTimeoutIsBelowTheDeadline(t *testing.T) {
	w, one, two := documented(t, "previews.yaml")
	w.configMap(func(data map[string]string) { data["requestTimeout"] = "8" })
	w.github.hangs("/actions/")
	equal(t, "the failure", w.expectHeld(w.askedAgain(w.githubHost())), "")
	w.github.heals()
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(two)})
}

// Several tokens are valid at once, one per line.
func TestTokenIsRotatedWithoutARefusedCall(t *testing.T) {
	w, one, _ := documented(t, "previews.yaml")
	w.greenpin.mount(token + "\nanother")
	equal(t, "the failure with the old one", w.expectHeld(always), "")
	w.showToken("another")
	equal(t, "the failure with the new one", w.expectHeld(always), "")
	w.greenpin.mount("another")
	newer := w.shop("two", nil)
	w.await(pins{"shop-pr-1": w.shopPinned(one), "shop-pr-2": w.shopPinned(newer)})
}
