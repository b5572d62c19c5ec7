package retail

// badRows are rows that no source should pass on: they belong in quarantine, each for its own reason. They speak of nobody in the
// story, so that one which gets through shows as a person too many. Only the CRM, which is exported whole, has them again on day two.
func (o *output) badRows() {
	q := map[string]int{sourceCRM: o.badCRM()}
	if !o.late {
		q[sourceLoyalty], q[sourceWeb], q[sourceShop] = o.badLoyalty(), o.badVisits(), o.badOrders()
		q[sourceTill], q[sourceService], q[sourceConsents] = o.badReceipts(), o.badCases(), o.badConsents()
	}
	o.truth.summary.Days[len(o.truth.summary.Days)-1].Quarantined = q
}

const badEmail = "nobody@bad.example"

func (o *output) badCRM() int {
	o.crm.raw([]byte("C99999990,\xff\xfe,\xff,bytes@bad.example,,,BASIC,,2026-01-05 10:00\n"))   // not CP949
	o.crm.row("C99999991", "김", "하나", badEmail, "", "", "BASIC", "", "2026-01-05 10:00", "하나 더") // a column too many
	o.crm.row("C99999992", "김", "하나")                                                            // columns missing
	o.crm.row("", "이", "름", badEmail, "", "", "BASIC", "", "2026-01-05 10:00")                   // no key
	return 4
}

func (o *output) badLoyalty() int {
	o.loyalty.raw([]byte(`{"card_no": "8801`))
	o.loyalty.raw([]byte(`["8801999999999", "` + badEmail + `"]`))
	o.loyalty.raw([]byte(`{"email": "` + badEmail + `", "updated_at": "2026-01-05T10:00:00+09:00"}`)) // no key
	return 3
}

func (o *output) badVisits() int {
	f := o.web[0]
	f.row("EBAD-1", "anon-bad", badEmail)
	f.row("EBAD-2", "anon-bad", badEmail, productViewed, trailOne[0], "EBAD", "yesterday")
	f.row("", "anon-bad", badEmail, productViewed, trailOne[0], "EBAD", utc(o.m.now-29*day))
	return 3
}

func (o *output) badOrders() int {
	at := utc(o.m.now - 30*day)
	o.shop.row("WBAD-1", "WBAD", badEmail, products[0], "1", "39O00", "21000", "0", "0", "KRW", at, "online")
	o.shop.row("WBAD-2", "WBAD", badEmail, products[0], "1", "39", "21", "0", "0", "USD", at, "online") // never converted by guess
	o.shop.row("WBAD-3", "WBAD", badEmail, products[0], "0", "39000", "21000", "0", "0", "KRW", at, "online")
	o.shop.row("", "WBAD", badEmail, products[0], "1", "39000", "21000", "0", "0", "KRW", at, "online")
	o.shop.row("WBAD-5", "WBAD", badEmail, products[0], "1", "39000", "21000", "0", "39000.01", "KRW", at, "online") // refunded more than paid
	o.shop.row("WBAD-6", "WBAD", badEmail, products[0], "1", "39000", "21000", "0", "0", "KRW", "", "online")
	return 6
}

func (o *output) badReceipts() int {
	l := line{order: "TBAD", sku: products[0], quantity: 1, amount: 39_000 * won, cost: 21_000 * won, time: o.m.now - 30*day}
	o.till.receipt(&l, "8801999999999", 0) // no key
	l.id = "TBAD-2"
	o.till.receipt(&l, "8801999999999", 39_001*won)
	return 2
}

func (o *output) badCases() int {
	o.service.row("", "", badEmail, caseComplaint, caseOpen, utc(o.m.now-30*day))
	o.service.row("SBAD-2", "", badEmail, caseComplaint, caseOpen, "32/13/2026")
	return 2
}

func (o *output) badConsents() int {
	at := utc(o.m.now - 30*day)
	o.consents.row("KBAD-1", badEmail, "", "", "marketing-pigeon", granted, at, "2025-1") // a purpose that nobody declared
	o.consents.row("KBAD-2", badEmail, "", "", "", granted, at, "2025-1")
	o.consents.row("KBAD-3", badEmail, "", "", mail, "Perhaps", at, "2025-1")
	return 3
}
