package people

// source is one system that keeps records of people, and how well.
type source struct {
	name string
	// Percent of records without the field.
	noMiddle, noBirth, noGender, noEmail, noPhone, noAddress int64
	// mistaken is the percent of records with at least one mistake; a quarter of these have two, a tenth three or four.
	mistaken int64
	// Percent of records in capitals, in small letters, and with abbreviated streets.
	upper, lower, abbreviated int64
	// demands a birth date, an email and a phone: of those who have none, percent get a default value.
	demands int64
}

// customers are the systems of a retailer.
var customers = newSources([]int64{30, 28, 17, 12, 13},
	source{name: "crm", noMiddle: 45, noBirth: 15, noGender: 10, noEmail: 25, noPhone: 15, noAddress: 8, mistaken: 28, upper: 8, lower: 1, abbreviated: 30, demands: 8},
	source{name: "shop", noMiddle: 85, noBirth: 40, noGender: 40, noEmail: 5, noPhone: 20, noAddress: 5, mistaken: 16, upper: 2, lower: 7, abbreviated: 35, demands: 2},
	source{name: "loyalty", noMiddle: 60, noBirth: 8, noGender: 15, noEmail: 20, noPhone: 20, noAddress: 20, mistaken: 26, upper: 5, lower: 2, abbreviated: 40, demands: 6},
	source{name: "newsletter", noMiddle: 90, noBirth: 40, noGender: 40, noEmail: 5, noPhone: 40, noAddress: 40, mistaken: 16, upper: 2, lower: 10, abbreviated: 30, demands: 1},
	source{name: "callcentre", noMiddle: 80, noBirth: 30, noGender: 30, noEmail: 40, noPhone: 5, noAddress: 15, mistaken: 42, upper: 30, lower: 1, abbreviated: 60, demands: 10},
)

// registers are files without email and phone, as of a census; the rest is almost complete and has been read off paper.
var registers = newSources([]int64{40, 40, 20},
	source{name: "census-2011", noMiddle: 40, noBirth: 5, noGender: 2, noEmail: 100, noPhone: 100, noAddress: 3, mistaken: 40, upper: 30, abbreviated: 50, demands: 20},
	source{name: "census-2021", noMiddle: 35, noBirth: 4, noGender: 2, noEmail: 100, noPhone: 100, noAddress: 2, mistaken: 30, abbreviated: 30, demands: 10},
	source{name: "register", noMiddle: 10, noBirth: 2, noGender: 1, noEmail: 100, noPhone: 100, noAddress: 8, mistaken: 20, upper: 100, abbreviated: 60},
)

type sources struct {
	list []source
	by   shares
}

func newSources(weights []int64, list ...source) sources {
	return sources{list: list, by: sharesOf(weights...)}
}

// recordsPerPerson: the share of people with 1, 2, 3 ... 20 records, in 1,000.
var recordsPerPerson = sharesOf(530, 230, 105, 55, 30, 17, 10, 7, 5, 3, 2, 1, 1, 1, 1, 1, 0, 0, 0, 1)
