package argocd

import (
	"io"
	"testing"

	"github.com/argoproj/argo-cd/v3/applicationset/controllers"
	"github.com/argoproj/argo-cd/v3/applicationset/generators"
	"github.com/argoproj/argo-cd/v3/applicationset/metrics"
	"github.com/argoproj/argo-cd/v3/applicationset/utils"
	argo "github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/util/db"
	"github.com/argoproj/argo-cd/v3/util/settings"
	log "github.com/sirupsen/logrus"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kubernetes "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
)

// namespace is Argo CD's namespace.
const namespace = "argocd"

// cluster is an API server in memory, with Argo CD's ApplicationSet controller as its own main composes it.
type cluster struct {
	t          *testing.T
	client     client.Client
	reconciler *controllers.ApplicationSetReconciler
}

func init() { log.SetOutput(io.Discard) }

func startCluster(t *testing.T) *cluster {
	t.Helper()
	scheme := runtime.NewScheme()
	must(t, core.AddToScheme(scheme))
	must(t, argo.AddToScheme(scheme))
	memory := fake.NewClientBuilder().
		WithScheme(scheme).
		WithStatusSubresource(&argo.ApplicationSet{}).
		WithIndex(&argo.Application{}, ".metadata.controller", controllerOf).
		WithObjects(&argo.AppProject{ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: "default"}}).
		Build()
	kube := kubernetes.NewClientset(ownConfiguration()...)
	argoDB := db.NewDB(namespace, settings.NewSettingsManager(t.Context(), kube, namespace), kube)
	scm := generators.NewSCMConfig("", nil, true, false, nil, false)
	return &cluster{t: t, client: memory, reconciler: &controllers.ApplicationSetReconciler{
		Client:               memory,
		Scheme:               scheme,
		Recorder:             record.NewFakeRecorder(10_000),
		Generators:           generators.GetGenerators(t.Context(), memory, kube, namespace, nil, nil, scm),
		ArgoDB:               argoDB,
		KubeClientset:        kube,
		Policy:               argo.ApplicationsSyncPolicySync,
		EnablePolicyOverride: true,
		Renderer:             &utils.Render{},
		ArgoCDNamespace:      namespace,
		Metrics:              metrics.NewFakeAppsetMetrics(),
	}}
}

// controllerOf is the field index that the controller requires.
func controllerOf(object client.Object) []string {
	if owner := meta.GetControllerOf(object); owner != nil && owner.Kind == "ApplicationSet" {
		return []string{owner.Name}
	}
	return nil
}

// ownConfiguration returns the objects that Argo CD requires for itself.
func ownConfiguration() []runtime.Object {
	labels := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	return []runtime.Object{
		&core.ConfigMap{ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: "argocd-cm", Labels: labels}},
		&core.Secret{
			ObjectMeta: meta.ObjectMeta{Namespace: namespace, Name: "argocd-secret", Labels: labels},
			Data:       map[string][]byte{"server.secretkey": []byte("unused")},
		},
	}
}

// reconcile runs the controller once, as it does after the interval or a webhook.
func (c *cluster) reconcile() ctrl.Result {
	c.t.Helper()
	set := c.applicationSet()
	result, err := c.reconciler.Reconcile(c.t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(&set)})
	must(c.t, err)
	return result
}

// applicationSet returns the only ApplicationSet.
func (c *cluster) applicationSet() argo.ApplicationSet {
	c.t.Helper()
	var sets argo.ApplicationSetList
	must(c.t, c.client.List(c.t.Context(), &sets))
	if len(sets.Items) != 1 {
		c.t.Fatalf("%d ApplicationSets, expected one", len(sets.Items))
	}
	return sets.Items[0]
}

// applications returns all Applications by name, including those that are being deleted.
func (c *cluster) applications() map[string]argo.Application {
	c.t.Helper()
	var list argo.ApplicationList
	must(c.t, c.client.List(c.t.Context(), &list))
	byName := map[string]argo.Application{}
	for _, application := range list.Items {
		byName[application.Name] = application
	}
	return byName
}

// versions returns each Application's resource version, which changes with every write.
func (c *cluster) versions() map[string]string {
	c.t.Helper()
	versions := map[string]string{}
	for name, application := range c.applications() {
		versions[name] = application.ResourceVersion
	}
	return versions
}

// sweep removes Applications that are marked for deletion, as the application controller does once their
// resources are gone.
func (c *cluster) sweep() {
	c.t.Helper()
	for _, application := range c.applications() {
		if application.DeletionTimestamp != nil {
			application.Finalizers = nil
			must(c.t, c.client.Update(c.t.Context(), &application))
		}
	}
}

// failure returns the message of the condition ErrorOccurred; empty if it is not set.
func (c *cluster) failure() string {
	c.t.Helper()
	set := c.applicationSet()
	for _, condition := range set.Status.Conditions {
		if condition.Type == argo.ApplicationSetConditionErrorOccurred && condition.Status == argo.ApplicationSetConditionStatusTrue {
			return condition.Message
		}
	}
	return ""
}
