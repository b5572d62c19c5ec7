package person

import "strings"

// pairs makes a map of lines "value: key key ...", in which the value is a key of itself. An underscore stands for a space.
func pairs(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		value, keys, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		value = strings.ReplaceAll(value, "_", " ")
		m[value] = value
		for _, k := range strings.Fields(keys) {
			m[strings.ReplaceAll(k, "_", " ")] = value
		}
	}
	return m
}

// streetTypes say what a street is and end its name, after the suffixes and abbreviations of USPS Publication 28, appendix C1, and those of the
// United Kingdom, Australia and the continent. Words that are as often part of a name (Park, Lake, Hill) are not among them.
var streetTypes = pairs(`
	street: st strt
	avenue: ave av aven avenu avn
	road: rd
	boulevard: blvd boul boulv bvd
	drive: dr drv
	lane: ln
	court: ct crt cts
	place: pl
	parkway: pkwy pky pkway py
	highway: hwy hgwy hiway highwy
	terrace: ter terr tce
	circle: cir circ crcl ci
	trail: trl tr
	square: sq sqr
	crescent: cres cresc cr crs
	expressway: expy expwy
	freeway: fwy frwy
	turnpike: tpke tpk
	pike:
	plaza: plz plza
	alley: aly
	close: cl
	way: wy
	loop:
	path:
	walk:
	row:
	mews:
	parade: pde
	arcade: arc
	rise:
	retreat:
	esplanade: esp
	circuit: cct crct
	causeway: cswy
	crossing: xing
	centre: ctr cntr center
	lincolnway:
	ulica: ul
	strasse: str
	gasse:
	platz:
	allee:
	weg:
	straat:
	laan:
	plein:
	gracht:
	gata:
	gade:
	vej:`)

// prefixTypes stand before the name.
var prefixTypes = pairs(`
	rue: r
	avenue: ave av
	boulevard: blvd bd boul
	place: pl
	chemin: ch chem
	impasse: imp
	allee: allees
	quai:
	route: rte
	cours:
	via:
	viale: vle
	piazza: pza
	corso:
	vicolo:
	largo:
	calle:
	carrera: cra
	avenida: avda
	plaza: pza
	paseo:
	camino:
	rua:
	travessa:
	ulica: ul
	aleja: al aleje
	plac:
	ulitsa:`)

// articles stand between such a word and the name.
var articles = words(`de du des la le les l d del dell della delle dei degli di do da dos das los las el y`)

// compounds are the endings by which a Germanic street says what it is.
var compounds = []struct{ ending, kind string }{
	{"strasse", "strasse"}, {"strase", "strasse"}, {"str", "strasse"}, {"straat", "straat"}, {"gasse", "gasse"}, {"platz", "platz"}, {"allee", "allee"}, {"weg", "weg"},
	{"gracht", "gracht"}, {"laan", "laan"}, {"plein", "plein"}, {"gatan", "gata"}, {"gade", "gade"}, {"vej", "vej"},
}

var directions = pairs(`
	north: n
	south: s
	east: e
	west: w
	northeast: ne
	northwest: nw
	southeast: se
	southwest: sw`)

// placeWords are abbreviations in names of streets and cities.
var placeWords = pairs(`
	saint: st ste
	mount: mt
	fort: ft
	center: ctr centre cntr
	point: pt
	park: pk
	heights: hts
	junior: jr
	creek: crk
	spring: spg
	springs: spgs
	lake: lk
	beach: bch
	village: vlg
	highway: hwy hgwy
	route: rte rt
	township: twp
	bridge: br brg
	valley: vly
	hill: hl
	hills: hls
	grove: grv
	gardens: gdns gdn`)

// bareStreets need no word that says what they are.
var bareStreets = words(`broadway bowery strand lincolnway`)

// highwayWords begin a numbered road, and highwayTails end one.
var (
	highwayWords = words(`us state county country interstate highway hwy route rte rt road rd fm pr cr sr business ih farm to market ranch old`)
	highwayTails = words(`business bypass alternate alt bus spur loop`)
)

// numberedWords stand before a number that is neither a house nor a postcode.
var numberedWords = words(`# no nr highway hwy hgwy route rte rt road fm pr cr sr us state county interstate avenue street box suite ste apt unit room floor and`)

var (
	officeWords     = words(`po p o gpo post office lock`)
	boxWords        = words(`box bx pobox postfach postbus bp apartado apdo locked bag`)
	routeWords      = words(`rr rural route rte rt hc hcr highway contract star rfd rd`)
	unitWords       = words(`apt apartment unit flat suite ste room rm lot trlr trailer spc space bldg bld building wohnung whg appt appartement piso interno int lokal # shop office`)
	floorWords      = words(`floor fl flr level lvl lv etage stock stockwerk og storey story`)
	departmentWords = words(`dept department mail mailstop`)
	numberWords     = words(`# no nr num number numero`)
	houseTails      = words(`bis ter quater`)
)

// namedUnits are units that a word names without a number.
var namedUnits = pairs(`
	basement: bsmt bsm
	sub_basement: sb
	penthouse: ph pnthse`)

// numerals are the number words that streets and floors are named by.
var numerals = pairs(`
	1: one first
	2: two second
	3: three third
	4: four fourth
	5: five fifth
	6: six sixth
	7: seven seventh
	8: eight eighth
	9: nine ninth
	10: ten tenth
	11: eleven eleventh
	12: twelve twelfth
	13: thirteen thirteenth
	14: fourteen fourteenth
	15: fifteen fifteenth
	16: sixteen sixteenth
	17: seventeen seventeenth
	18: eighteen eighteenth
	19: nineteen nineteenth
	20: twenty twentieth
	30: thirty thirtieth
	40: forty fortieth
	50: fifty fiftieth
	60: sixty sixtieth
	70: seventy seventieth
	80: eighty eightieth
	90: ninety ninetieth`)

// tens may have a unit behind them: ninety-sixth.
var tens = words(`twenty thirty forty fifty sixty seventy eighty ninety`)

var spanishNumerals = pairs(`
	1: uno primera
	2: dos segunda
	3: tres tercera
	4: cuatro cuarta
	5: cinco quinta
	6: seis sexta
	7: siete septima
	8: ocho octava
	9: nueve novena
	10: diez decima`)

// countries are cut off the end. The country itself is a field of its own.
var countries = names(`usa, us, u s a, united states, united states of america, uk, united kingdom, great britain, england, scotland, wales, ireland, australia, canada,
	germany, deutschland, austria, osterreich, switzerland, schweiz, suisse, france, spain, espana, portugal, italy, italia, netherlands, nederland, belgium, belgique, belgie,
	poland, polska, sweden, sverige, denmark, danmark, norway, norge, finland, brazil, brasil, mexico, japan, korea, south korea, republic of korea, india, new zealand, malaysia, south africa, russia, turkey,
	greece, czechia, czech republic, hungary, romania, ukraine, liechtenstein, china, taiwan, israel, argentina, chile, colombia, peru`)

// names makes a set of names between commas, which may have several words.
func names(text string) map[string]bool {
	set := map[string]bool{}
	for _, name := range strings.Split(text, ",") {
		set[strings.TrimSpace(name)] = true
	}
	return set
}

// regions are the states and provinces of the USA, Canada and Australia under their postal abbreviations.
var regions = pairs(`
	al: alabama
	ak: alaska
	az: arizona
	ar: arkansas
	ca: california calif
	co: colorado
	ct: connecticut
	de: delaware
	dc: district_of_columbia d_c
	fl: florida
	ga: georgia
	hi: hawaii
	id: idaho
	il: illinois
	in: indiana
	ia: iowa
	ks: kansas
	ky: kentucky
	la: louisiana
	me: maine
	md: maryland
	ma: massachusetts
	mi: michigan
	mn: minnesota
	ms: mississippi
	mo: missouri
	mt: montana
	ne: nebraska
	nv: nevada
	nh: new_hampshire
	nj: new_jersey
	nm: new_mexico
	ny: new_york
	nc: north_carolina
	nd: north_dakota
	oh: ohio
	ok: oklahoma
	or: oregon
	pa: pennsylvania
	pr: puerto_rico
	ri: rhode_island
	sc: south_carolina
	sd: south_dakota
	tn: tennessee
	tx: texas
	ut: utah
	vt: vermont
	va: virginia
	wa: washington western_australia
	wv: west_virginia
	wi: wisconsin
	wy: wyoming
	nsw: new_south_wales
	vic: victoria
	qld: queensland
	sa: south_australia
	tas: tasmania
	nt: northern_territory
	act: australian_capital_territory
	on: ontario
	qc: quebec
	bc: british_columbia
	ab: alberta
	mb: manitoba
	sk: saskatchewan
	ns: nova_scotia
	nb: new_brunswick
	nl: newfoundland newfoundland_and_labrador
	pe: prince_edward_island`)
