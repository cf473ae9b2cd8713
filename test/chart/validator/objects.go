package main

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	"sigs.k8s.io/yaml"
)

// Rejects unknown and duplicate fields, as `kubectl apply --validate=strict` does.
var strict = json.NewSerializerWithOptions(
	json.DefaultMetaFactory, legacyscheme.Scheme, legacyscheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true},
)

// judgeManifest validates each object of a file, and reports duplicates.
func judgeManifest(c chapter, manifest string) {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(manifest)))
	seen := map[string]bool{}
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			c.problem("%v", err)
			return
		}
		judgeDocument(c, document, seen)
	}
}

func judgeDocument(c chapter, document []byte, seen map[string]bool) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct{ Name, Namespace string }
	}
	if err := yaml.Unmarshal(document, &head); err != nil {
		c.problem("%v", err)
		return
	}
	if head.Kind == "" {
		return
	}
	c = c.of(head.Kind + " " + head.Metadata.Namespace + "/" + head.Metadata.Name)
	if seen[c.place] {
		c.problem("is there twice")
	}
	seen[c.place] = true
	c.kinds[head.Kind] = true
	if strings.HasPrefix(head.APIVersion, "monitoring.coreos.com/") {
		judgeMonitoring(c, head.Kind, document)
		return
	}
	judgeObject(c, document)
}

func judgeObject(c chapter, document []byte) {
	object, kind, err := strict.Decode(document, nil, nil)
	if err != nil {
		c.problem("%v", err)
		return
	}
	if accessor, err := meta.Accessor(object); err == nil && accessor.GetNamespace() == "" {
		c.problem("has no namespace")
	}
	legacyscheme.Scheme.Default(object)
	judgePodSecurity(c, object)
	internal := schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal}
	converted, err := legacyscheme.Scheme.ConvertToVersion(object, internal)
	if err != nil {
		c.problem("%v", err)
		return
	}
	for _, problem := range validate(converted) {
		c.problem("%v", problem)
	}
}
