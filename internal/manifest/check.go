package manifest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/kith-dev/kith/config/crd"
	"github.com/kith-dev/kith/internal/fault"
)

// group of the kinds that this package loads.
const group = "cdp.kith.dev"

// checker holds, for one kind, what the API server keeps for a CustomResourceDefinition.
type checker struct {
	structural *schema.Structural
	openAPI    validation.SchemaValidator
	rules      func() *cel.Validator // compiled when first needed: most loads do not hold every kind
}

// kinds are the checkers by kind, and the versions that each kind is served in.
type kinds struct {
	byKind   map[string]map[string]*checker
	listText string
}

var checkers = sync.OnceValues(func() (*kinds, error) {
	defs, err := crd.All()
	if err != nil {
		return nil, fault.New(fault.Internal, "the embedded schemas: %w", err)
	}
	return newKinds(defs)
})

func newKinds(defs []*apiextensionsv1.CustomResourceDefinition) (*kinds, error) {
	k := &kinds{byKind: map[string]map[string]*checker{}}
	for _, d := range defs {
		versions := map[string]*checker{}
		for _, v := range d.Spec.Versions {
			c, err := newChecker(v.Schema.OpenAPIV3Schema)
			if err != nil {
				return nil, fault.New(fault.Internal, "the schema of %s %s: %w", d.Spec.Names.Kind, v.Name, err)
			}
			versions[group+"/"+v.Name] = c
		}
		k.byKind[d.Spec.Names.Kind] = versions
	}
	k.listText = strings.Join(slices.Sorted(maps.Keys(k.byKind)), ", ")
	return k, nil
}

func newChecker(props *apiextensionsv1.JSONSchemaProps) (*checker, error) {
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(props, &internal, nil); err != nil {
		return nil, err
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		return nil, err
	}
	openAPI, _, err := validation.NewSchemaValidator(&internal)
	if err != nil {
		return nil, err
	}
	return &checker{structural: structural, openAPI: openAPI, rules: sync.OnceValue(func() *cel.Validator {
		return cel.NewValidator(structural, true, celconfig.PerCallLimit)
	})}, nil
}

// check reports all problems of one document, and leaves it with defaults and without status.
func (k *kinds) check(d *document, namespace string) Problems {
	versions, ok := k.byKind[d.kind()]
	if !ok {
		return Problems{d.problem("kind", "there is no such kind; %s has %s", group, k.listText)}
	}
	c, ok := versions[d.text("apiVersion")]
	if !ok {
		return Problems{d.problem("apiVersion", "must be one of %s", strings.Join(slices.Sorted(maps.Keys(versions)), ", "))}
	}
	if _, ok := d.object["metadata"].(map[string]any); !ok {
		return Problems{d.problem("metadata", "must be there, with a name")}
	}
	return c.check(d, namespace)
}

// check does what the API server does to an object that is created with strict field validation, in the same order.
func (c *checker) check(d *document, namespace string) Problems {
	defaulting.Default(d.object, c.structural)
	meta, _, unknown, err := objectmeta.GetObjectMetaWithOptions(d.object, objectmeta.ObjectMetaOptions{ReturnUnknownFieldPaths: true})
	if err != nil {
		return Problems{d.problem("metadata", "can't be read: %v", err)}
	}
	if meta.Name == "" && meta.GenerateName != "" {
		return Problems{d.problem("metadata.name", "must be given: nothing can refer to a name that the API server makes up")}
	}
	meta.Namespace = namespace
	apiVersion, kind := d.text("apiVersion"), d.kind()
	unknown = append(unknown, pruning.PruneWithOptions(d.object, c.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})...)
	defaulting.PruneNonNullableNullsWithoutDefaults(d.object, c.structural)
	var problems Problems
	for _, path := range unknown {
		problems = append(problems, d.problem(path, "there is no such field; check its spelling and its indentation"))
	}
	u := unstructured.Unstructured{Object: d.object}
	u.SetAPIVersion(apiVersion)
	u.SetKind(kind)
	if err := objectmeta.SetObjectMeta(d.object, meta); err != nil {
		return append(problems, d.problem("metadata", "can't be read: %v", err))
	}
	delete(d.object, "status") // the operator's own; the API server drops it from what a user applies
	for _, e := range c.validate(&u) {
		problems = append(problems, d.fieldProblem(e))
	}
	return problems
}

func (c *checker) validate(u *unstructured.Unstructured) field.ErrorList {
	ctx := context.Background()
	errs := metavalidation.ValidateObjectMetaAccessor(u, true, metavalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	errs = append(errs, validation.ValidateCustomResource(nil, u.Object, c.openAPI)...)
	errs = append(errs, objectmeta.Validate(ctx, nil, u.Object, c.structural, false)...)
	errs = append(errs, listtype.ValidateListSetsAndMaps(nil, c.structural, u.Object)...)
	rules := c.rules()
	switch {
	case rules == nil:
	case slices.ContainsFunc(errs, blocksRules):
		errs = append(errs, field.Invalid(nil, nil, "its other rules are checked once this is corrected"))
	default:
		broken, _ := rules.Validate(ctx, nil, c.structural, u.Object, nil, celconfig.RuntimeCELCostBudget)
		errs = append(errs, broken...)
	}
	return errs
}

// blocksRules: CEL rules assume the schema holds, so the API server does not run them on an object with such an error.
func blocksRules(e *field.Error) bool {
	switch e.Type {
	case field.ErrorTypeNotSupported, field.ErrorTypeRequired, field.ErrorTypeTooLong, field.ErrorTypeTooMany, field.ErrorTypeTypeInvalid:
		return true
	}
	return false
}

// fieldProblem words an error of the API machinery without the value itself: blocked values can be personal data.
func (d *document) fieldProblem(e *field.Error) Problem {
	path := e.Field
	if path == "<nil>" {
		path = ""
	}
	text := strings.TrimPrefix(e.Detail, path+" in body ")
	switch e.Type {
	case field.ErrorTypeRequired:
		text = "must be given"
	case field.ErrorTypeDuplicate:
		text = "is there twice in this list"
	case field.ErrorTypeNotSupported:
		text = fmt.Sprintf("is %v; %s", e.BadValue, text)
	case field.ErrorTypeTypeInvalid:
		text, _, _ = strings.Cut(text, ": ")
	}
	if text == "" {
		text = e.ErrorBody()
	}
	return d.problem(path, "%s", text)
}
