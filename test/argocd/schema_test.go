package argocd

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	crds "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"sigs.k8s.io/yaml"
)

// kind is one of Argo CD's kinds, with the schema of its CustomResourceDefinition.
type kind struct {
	validator  validation.SchemaValidator
	structural *schema.Structural
}

// loadKind reads the definition of a kind, such as `applicationset`, from Argo CD's module.
func loadKind(t *testing.T, name string) kind {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(argoCDFolder(t), "manifests/crds", name+"-crd.yaml"))
	must(t, err)
	var definition crds.CustomResourceDefinition
	must(t, yaml.UnmarshalStrict(content, &definition))
	var internal apiextensions.CustomResourceValidation
	must(t, crds.Convert_v1_CustomResourceValidation_To_apiextensions_CustomResourceValidation(
		definition.Spec.Versions[0].Schema, &internal, nil))
	validator, _, err := validation.NewSchemaValidator(internal.OpenAPIV3Schema)
	must(t, err)
	structural, err := schema.NewStructural(internal.OpenAPIV3Schema)
	must(t, err)
	return kind{validator, structural}
}

// check fails for what `kubectl apply --validate=strict` would reject.
func (k kind) check(t *testing.T, manifest []byte) {
	t.Helper()
	var object map[string]any
	must(t, yaml.UnmarshalStrict(manifest, &object))
	must(t, validation.ValidateCustomResource(nil, object, k.validator).ToAggregate())
	track := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	equal(t, "unknown fields", pruning.PruneWithOptions(object, k.structural, true, track), []string(nil))
}
