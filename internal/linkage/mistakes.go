package linkage

import (
	"fmt"
	"strings"
)

// FieldErrors are all that is wrong with a declaration.
type FieldErrors []*FieldError

func (es FieldErrors) Error() string {
	var texts []string
	for _, e := range es {
		texts = append(texts, e.Error())
	}
	return strings.Join(texts, "; ")
}

// FieldError is what is wrong with a field of a declaration, such as blocking[1]. A NotFoundError is in it where the field names an attribute that is not
// there.
type FieldError struct {
	Field string
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap gives what is wrong.
func (e *FieldError) Unwrap() error { return e.Err }

func wrong(field, format string, args ...any) *FieldError {
	return &FieldError{field, fmt.Errorf(format, args...)}
}

// NotFoundError is an attribute that a declaration names and no Profile record has.
type NotFoundError struct {
	Attribute string
	There     []string
}

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no Profile source has an attribute %q that can be compared; there are %s", e.Attribute, strings.Join(e.There, ", "))
}
