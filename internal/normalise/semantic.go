package normalise

import (
	"strings"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// The semantics that this module's code treats in a way of their own. All others are text.
const (
	SemanticEmail         = "email"
	SemanticPhone         = "phone"
	SemanticIdentifier    = "identifier"
	SemanticBirthDate     = "birthDate"
	SemanticCountry       = "country"
	SemanticPostcode      = "postcode"
	SemanticCurrency      = "currency"
	SemanticPurpose       = "purpose"
	SemanticConsentStatus = "consentStatus"
	SemanticEventName     = "eventName"
	SemanticRefunded      = "refundedAmount"
	SemanticDecision      = "decision"
	SemanticFirstSource   = "firstSource"
	SemanticFirstKey      = "firstKey"
	SemanticSecondSource  = "secondSource"
	SemanticSecondKey     = "secondKey"
	SemanticReason        = "reason"
	SemanticSteward       = "steward"
	SemanticRecordSource  = "recordSource"
	SemanticRecordKey     = "recordKey"
	SemanticPersonID      = "personId"
)

// semantics has every semantic with the type of its attribute.
var semantics = map[string]sqlgen.Type{
	SemanticEmail: sqlgen.String, SemanticPhone: sqlgen.String, SemanticIdentifier: sqlgen.String,
	"givenName": sqlgen.String, "middleName": sqlgen.String, "surname": sqlgen.String, "fullName": sqlgen.String,
	"surnameReading": sqlgen.String, "givenNameReading": sqlgen.String, SemanticBirthDate: sqlgen.Date, "gender": sqlgen.String,
	"street": sqlgen.String, "houseNumber": sqlgen.String, "city": sqlgen.String, "region": sqlgen.String,
	SemanticPostcode: sqlgen.String, SemanticCountry: sqlgen.String, "fullAddress": sqlgen.String, "organization": sqlgen.String,
	SemanticEventName: sqlgen.String, "sessionId": sqlgen.String,
	"amount": sqlgen.Decimal, SemanticCurrency: sqlgen.String, "quantity": sqlgen.Decimal, "sku": sqlgen.String,
	"orderId": sqlgen.String, SemanticRefunded: sqlgen.Decimal, "discount": sqlgen.Decimal, "cost": sqlgen.Decimal,
	"listPrice": sqlgen.Decimal, "channel": sqlgen.String,
	"available": sqlgen.Decimal, "location": sqlgen.String, "leadTime": sqlgen.Integer,
	SemanticPurpose: sqlgen.String, SemanticConsentStatus: sqlgen.String, "noticeVersion": sqlgen.String,
	SemanticDecision: sqlgen.String, SemanticFirstSource: sqlgen.String, SemanticFirstKey: sqlgen.String,
	SemanticSecondSource: sqlgen.String, SemanticSecondKey: sqlgen.String, SemanticReason: sqlgen.String, SemanticSteward: sqlgen.String,
	SemanticRecordSource: sqlgen.String, SemanticRecordKey: sqlgen.String, SemanticPersonID: sqlgen.String,
}

// attributeNames has the semantics whose attribute is not called like them.
var attributeNames = map[string]string{SemanticEventName: "name", SemanticRefunded: "refunded", SemanticConsentStatus: "status"}

// Known reports whether s is a semantic.
func Known(s string) bool { _, ok := semantics[s]; return ok }

// Attribute is the name under which a field is kept: its own, or else the one of its semantic. It is empty for
// neither, and for an identifier without a name.
func Attribute(semantic, name string) string {
	if name != "" || semantic == SemanticIdentifier {
		return name
	}
	if a, ok := attributeNames[semantic]; ok {
		return a
	}
	return semantic
}

// TypeOf is the type of a field's attribute: the one of its semantic, or else the declared one, or else string.
func TypeOf(semantic string, declared sqlgen.Type) sqlgen.Type {
	if t, ok := semantics[semantic]; ok {
		return t
	}
	if declared != "" {
		return declared
	}
	return sqlgen.String
}

// Text brings a value of a text semantic into its form; false if it has none. Without a semantic text stays as it is.
// Region is for phones. The empty string is nothing, and true.
func Text(semantic, region, s string) (string, bool) {
	switch semantic {
	case "":
		return s, true
	case SemanticEmail:
		return Email(s)
	case SemanticPhone:
		return Phone(s, region)
	case SemanticCountry:
		return Country(s), true
	case SemanticPostcode:
		return Postcode(s), true
	case SemanticCurrency:
		return Currency(s)
	case SemanticConsentStatus:
		return ConsentStatus(s)
	case SemanticDecision:
		return Decision(s)
	case SemanticFirstSource, SemanticFirstKey, SemanticSecondSource, SemanticSecondKey:
		return strings.TrimSpace(s), true // as keys are made
	case SemanticIdentifier, "sessionId", "sku", "orderId", SemanticPurpose, "noticeVersion", SemanticRecordSource, SemanticPersonID:
		return Identifier(s), true
	case SemanticRecordKey:
		return strings.TrimSpace(s), true // as keys of records are kept
	default:
		return Name(s), true
	}
}
