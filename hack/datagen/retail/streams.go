package retail

// Streams keep the draws for different things independent: a new draw in one leaves the others as they were.
const (
	streamPlan uint64 = iota + 1
	streamKind
	streamFamily
	streamPerson
	streamPurchases
	streamWeb
	streamConsent
	streamService
	streamVisitor
)
