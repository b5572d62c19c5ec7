// Package person derives from the values that package normalise has tidied the forms under which identity resolution
// compares them: a name folded to one spelling (Fold), taken apart (ParseName), by its sound (Sound) and by the names it is
// short for (Related); a postal address in parts with its words written out (ParseAddress); what a birth date is worth
// (BirthDate); and the mailbox behind an address of electronic mail (Mailbox).
//
// These forms are for comparing and are never shown or sent. They lose information on purpose, so two people may share
// one: a form is evidence, not an identity. Every function is pure and takes a value as ingest keeps it; they are meant to run once for each distinct
// value.
//
// What does not live here: tidying of values as they come in (package normalise), distances between two forms, keys for
// blocking and the weight of an agreement (identity).
package person
