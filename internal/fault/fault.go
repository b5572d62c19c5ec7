// Package fault classifies what can go wrong in a run, so that whoever owns the next step can be told: the user, the
// outside world, or the machine. Every error that leaves the data plane has a Class; docs/troubleshooting.md has one
// entry for each. Messages name the object, file, row, column or field and say what to do; they never carry a value
// of personal data or a secret.
//
// What does not live here: exit codes (cmd/kith) and conditions of Kubernetes objects (api/v1alpha1).
package fault

import (
	"errors"
	"fmt"
)

// Owner says who has to act before trying again can help.
type Owner string

const (
	// User must change a declaration or the data; retrying without a change gives the same error.
	User Owner = "User"
	// Outside is a system beyond Kith (a database, a receiver); retrying later can help.
	Outside Owner = "Outside"
	// Machine is this machine or volume (disk, memory); the platform team acts.
	Machine Owner = "Machine"
	// Nobody has to act: the run was overtaken by another one and its work is not needed.
	Nobody Owner = "Nobody"
)

// Class is the stable name of an error, as shown to users and used as a condition reason.
type Class string

// The classes. owners below says who acts on each.
const (
	InvalidManifest    Class = "InvalidManifest"    // a YAML document that does not parse or breaks the schema or a CEL rule
	ReferenceNotFound  Class = "ReferenceNotFound"  // a reference to an object, segment, purpose or attribute that is not there
	CyclicReference    Class = "CyclicReference"    // segments or traits that need each other
	InvalidExpression  Class = "InvalidExpression"  // CEL that does not parse, names an unknown field or has a type error
	SecretMissing      Class = "SecretMissing"      // a Secret, or a key in it, that is not mounted
	VolumeMissing      Class = "VolumeMissing"      // a volume that is not mounted
	FileNotFound       Class = "FileNotFound"       // no file matches the path
	PathOutsideVolume  Class = "PathOutsideVolume"  // a path or link that leaves its volume
	FileChanged        Class = "FileChanged"        // a file that changed while it was read, or after an Append had read it
	FileUnreadable     Class = "FileUnreadable"     // broken gzip, Parquet or JSON structure: the file as a whole can't be read
	EncodingInvalid    Class = "EncodingInvalid"    // bytes that are not text in the declared encoding
	ColumnMissing      Class = "ColumnMissing"      // a declared column that is not in the input
	SchemaChanged      Class = "SchemaChanged"      // a new column where onSchemaChange is Reject, or a type that can't change
	ContractViolated   Class = "ContractViolated"   // onViolation: Reject, or more rows quarantined than allowed
	DatabaseError      Class = "DatabaseError"      // a query that the database refuses
	DatabaseDown       Class = "DatabaseDown"       // a database that can't be reached or breaks off
	DestinationRefused Class = "DestinationRefused" // a receiver that refuses the request as a whole (401, 403, 404, ...)
	DestinationDown    Class = "DestinationDown"    // a receiver that answers 5xx, hangs, resets or can't be reached
	RecordsRejected    Class = "RecordsRejected"    // some people were refused by the receiver; they are in the dead letters
	BudgetExceeded     Class = "BudgetExceeded"     // a run that would change more than its budget allows; approve it or raise the budget
	TooManyCandidates  Class = "TooManyCandidates"  // blocking rules that find more pairs to compare than candidates.maxPairs
	ModelMismatch      Class = "ModelMismatch"      // a pinned model that was made for other attributes, comparisons or blocking rules, or by another version
	LakeLocked         Class = "LakeLocked"         // another process works on this lake
	LakeCorrupt        Class = "LakeCorrupt"        // a table that lacks what its revision needs
	DiskFull           Class = "DiskFull"           // no space left for the lake or scratch
	OutOfMemory        Class = "OutOfMemory"        // the engine's memory limit was reached and could not be spilled
	Superseded         Class = "Superseded"         // another run committed onto the base that this one was planned on
	Cancelled          Class = "Cancelled"          // stopped by a signal or a deadline
	Internal           Class = "Internal"           // a bug in Kith
)

var owners = map[Class]Owner{
	InvalidManifest: User, ReferenceNotFound: User, CyclicReference: User, InvalidExpression: User,
	SecretMissing: User, VolumeMissing: User, FileNotFound: User, PathOutsideVolume: User,
	FileChanged: Outside, FileUnreadable: User, EncodingInvalid: User, ColumnMissing: User, SchemaChanged: User,
	ContractViolated: User,
	DatabaseError:    User, DatabaseDown: Outside,
	DestinationRefused: User, DestinationDown: Outside, RecordsRejected: User,
	BudgetExceeded: User, TooManyCandidates: User, ModelMismatch: User,
	LakeLocked: Outside, LakeCorrupt: Machine, DiskFull: Machine, OutOfMemory: Machine,
	Superseded: Nobody, Cancelled: Outside, Internal: Machine,
}

// Classes lists every class, for documentation checks.
func Classes() []Class {
	out := make([]Class, 0, len(owners))
	for c := range owners {
		out = append(out, c)
	}
	return out
}

// Owner says who acts on errors of this class.
func (c Class) Owner() Owner {
	if o, ok := owners[c]; ok {
		return o
	}
	return Machine
}

// Error is an error with a class.
type Error struct {
	Class Class
	err   error
}

// New makes an error of class c. The format takes %w.
func New(c Class, format string, args ...any) error {
	return &Error{Class: c, err: fmt.Errorf(format, args...)}
}

func (e *Error) Error() string { return e.err.Error() }

// Unwrap gives the wrapped errors to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.err }

// ClassOf is the class of the outermost classed error in the chain, or Internal.
func ClassOf(err error) Class {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return Internal
}

// Is reports whether err has class c.
func Is(err error, c Class) bool { return err != nil && ClassOf(err) == c }
