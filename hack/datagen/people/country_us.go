package people

import (
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

var us = &country{
	code: "us",
	surnames: strings.Fields(`
Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson Anderson Thomas Taylor Moore Jackson Martin
Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson
Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook
Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza
Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster Jimenez Powell Jenkins Perry Russell Sullivan Bell Coleman Butler Henderson Barnes
Gonzales Fisher Vasquez Simmons Romero Jordan Patterson Alexander Hamilton Graham Reynolds Griffin Wallace Moreno West Cole Hayes Bryant Herrera Gibson
Ellis Tran Medina Aguilar Stevens Murray Ford Castro Marshall Owens Harrison Fernandez McDonald Woods Washington Kennedy Wells Vargas Henry Chen Freeman
Webb Tucker Guzman Burns Crawford Olson Simpson Porter Hunter Gordon Mendez Silva Shaw Snyder Mason Dixon Munoz Hunt Hicks Holmes Palmer Wagner Black
Robertson Boyd Rose Stone Salazar Fox Warren Mills Meyer Rice Schmidt Garza Daniels Ferguson Nichols Stephens Soto Weaver Ryan Gardner Payne Grant Dunn
Kelley Spencer Hawkins Arnold Pierce Hansen Peters Santos Hart Bradley Knight Elliott Cunningham Duncan Armstrong Hudson Carroll Lane Riley Andrews
Alvarado Ray Delgado Berry Perkins Hoffman Johnston Matthews Pena Richards Contreras Willis Carpenter Lawrence Sandoval Guerrero George Chapman Rios Estrada
Ortega Watkins Greene Nunez Wheeler Valdez Harper Burke Larson Santiago Maldonado Morrison Franklin Carlson Austin Dominguez Carr Lawson Jacobs O'Brien Lynch
Singh Vega Bishop Montgomery Oliver Jensen Harvey Williamson Gilbert Dean Sims Espinoza Howell Li Wong Reid Hanson Le McCoy Garrett Burton Fuller Wang Weber
Welch Rojas Lucas Marquez Fields Park Yang Little Banks Padilla Day Walsh Bowman Schultz Luna Fowler Mejia O'Connor O'Neal Smith-Jones Garcia-Lopez`),
	surnameTail: syllables{
		starts:  strings.Fields("Ab Al An Ar Bab Bal Bar Bas Beck Bel Ber Bick Bla Bol Bor Bran Brem Bro Buch Bur Cal Can Car Cha Clay Col Cor Cra Dal Dar Del Den Dob Dom Dra Dru Eb Eck Ed El Er Fal Far Fel Fen Fin Fla For Fra Fur Gal Gar Gil Gla Gol Gra Gru Hab Hal Ham Har Hav Hel Hen Her Hol Hor Hul Ib Ja Jes Kal Kar Kel Ker Kin Kla Kol Kra Kup La Lam Lan Lar Lem Lin Lo Lud Mac Mal Man Mar Mc Mel Mer Mil Mon Mor Mul Nar Nel Nor Ol Os Pad Pal Par Pel Per Pfa Pol Pra Pul Quin Ra Ram Ran Rei Rin Ro Ros Rud Sal San Sar Schae Schu Sel Sha Sil Sla Sol Sta Stei Stro Sul Tal Tar Tem Tho Til Tor Tra Tru Ul Val Van Ven Vil Vol Wal War Wei Wen Whit Wil Win Wol Ya Yar Za Zel Zim"),
		middles: strings.Fields("a e i o u en er in an el ar al il on or un ing ed es is ett ick old and ert ell eb ov ow av"),
		ends:    strings.Fields("son man ton ley ford berg feld stein ski sky wicz ez es ard ell er ers ett field ham ing ins ka ke ker land lin low mann mer more ner nik o ova rick ris sen ser som ster stone ter tti vich well wood worth by den dale don"),
	},
	given: [2][4][]string{
		{
			strings.Fields("Robert James John William Richard Charles Donald George Thomas Joseph David Edward Ronald Paul Kenneth Frank Raymond Jack Harold Billy Gerald Walter Jerry Joe Eugene Henry Carl Arthur Ralph Albert Willie Larry Roger Lawrence"),
			strings.Fields("Michael David James John Robert William Mark Richard Thomas Jeffrey Steven Joseph Timothy Kevin Scott Brian Charles Paul Daniel Gary Kenneth Anthony Donald Gregory Ronald Eric Stephen Edward Douglas Todd Patrick George Keith Larry Terry"),
			strings.Fields("Michael Christopher Jason David Matthew James Joshua John Robert Daniel Joseph Brian Justin Ryan William Andrew Brandon Jonathan Nicholas Anthony Eric Adam Kevin Steven Thomas Timothy Kyle Richard Jeffrey Jeremy Benjamin Aaron Jose Mark Sean"),
			strings.Fields("Jacob Michael Joshua Matthew Ethan Andrew Daniel Christopher Anthony William Noah Alexander Liam Jayden Mason Aiden Elijah Logan James Benjamin Lucas Jackson Tyler Dylan Gabriel Isaac Luke Juan Carlos Jose Luis Caleb Nathan Evan Owen"),
		},
		{
			strings.Fields("Mary Barbara Patricia Betty Shirley Carol Nancy Dorothy Joan Margaret Judith Helen Sandra Joyce Ruth Virginia Doris Beverly Jean Frances Martha Alice Donna Janet Marilyn Elizabeth Gloria Evelyn Phyllis Judy Norma Rose Lois Peggy"),
			strings.Fields("Lisa Mary Susan Karen Kimberly Patricia Linda Donna Michelle Cynthia Sandra Deborah Tammy Pamela Lori Laura Elizabeth Julie Brenda Jennifer Barbara Angela Sharon Debra Teresa Nancy Christine Cheryl Denise Kelly Tina Kathleen Robin Amy Cheryl"),
			strings.Fields("Jennifer Jessica Amanda Ashley Sarah Melissa Nicole Stephanie Elizabeth Heather Amy Michelle Kimberly Angela Christina Megan Rebecca Lauren Rachel Kelly Laura Samantha Brittany Emily Maria Danielle Tiffany Erin Crystal Amber Andrea Jamie Katherine Sara"),
			strings.Fields("Emily Emma Madison Olivia Hannah Abigail Isabella Ashley Samantha Elizabeth Alexis Sophia Sarah Grace Ava Alyssa Lauren Mia Chloe Natalie Brianna Kayla Anna Victoria Maria Jasmine Ella Sofia Camila Zoe Lily Hailey Kaitlyn Destiny"),
		},
	},
	givenTail: [2]syllables{
		{starts: strings.Fields("Al Ar Bra Bren Cae Cal Cor Da Dar De Des Dra El Em Fer Ga Gar Gra Hal Is Ja Jar Jo Ka Kel Ken La Le Lon Mal Mar Mi Na Nor Or Pre Qua Ra Ray Ro Sha Ste Ta Ter Tre Ty Va Wes Xa Za"),
			middles: strings.Fields("a e i o mi ri li va vi la"), ends: strings.Fields("an en on in el ell is us o io ton den don son der rick vin well mar shawn von ron ler ston bert")},
		{starts: strings.Fields("A Ad Al An Ar Au Be Bri Ca Car Cha Cla Da De El Em Es Eva Fa Gi Ha Is Ja Jo Ka Ke La Le Li Lo Ma Mar Me Na Ni O Pa Ra Re Ro Sa Sha Si Ta Te Tri Va Vi Ya Za"),
			middles: strings.Fields("a e i o la li ri ne na mi ce"), ends: strings.Fields("a ia ine elle ette na lyn lynn isa ita ika ara ina ella anne beth ra ly ie y issa een da")},
	},
	nicknames:     english,
	middlePercent: 75,
	takesName:     78,
	namesakes:     2,
	cities: []string{
		"New York,NY,100", "Los Angeles,CA,900", "Chicago,IL,606", "Houston,TX,770", "Phoenix,AZ,850", "Philadelphia,PA,191", "San Antonio,TX,782", "San Diego,CA,921",
		"Dallas,TX,752", "Jacksonville,FL,322", "Austin,TX,787", "Fort Worth,TX,761", "San Jose,CA,951", "Columbus,OH,432", "Charlotte,NC,282", "Indianapolis,IN,462",
		"San Francisco,CA,941", "Seattle,WA,981", "Denver,CO,802", "Oklahoma City,OK,731", "Nashville,TN,372", "Washington,DC,200", "El Paso,TX,799", "Las Vegas,NV,891",
		"Boston,MA,021", "Detroit,MI,482", "Portland,OR,972", "Louisville,KY,402", "Memphis,TN,381", "Baltimore,MD,212", "Milwaukee,WI,532", "Albuquerque,NM,871",
		"Tucson,AZ,857", "Fresno,CA,937", "Sacramento,CA,958", "Mesa,AZ,852", "Atlanta,GA,303", "Kansas City,MO,641", "Raleigh,NC,276", "Omaha,NE,681", "Miami,FL,331",
		"Virginia Beach,VA,234", "Oakland,CA,946", "Minneapolis,MN,554", "Tulsa,OK,741", "Tampa,FL,336", "Wichita,KS,672", "New Orleans,LA,701", "Cleveland,OH,441",
		"Honolulu,HI,968", "Lexington,KY,405", "Cincinnati,OH,452", "St. Louis,MO,631", "Pittsburgh,PA,152", "Anchorage,AK,995", "Saint Paul,MN,551", "Newark,NJ,071",
		"Springfield,IL,627", "Springfield,MO,658", "Springfield,MA,011", "Salem,OR,973", "Franklin,TN,370", "Clinton,IA,527", "Greenville,SC,296", "Madison,WI,537",
	},
	townTail: syllables{
		starts: strings.Fields("Ash Oak Brook Cedar Clear Cross Eagle East Elm Fair Glen Green Hart High Hills Kings Lake Maple Mill New North Pine Pleas Red River Rock Rose Sand Silver South Spring Stone Sun West White Wood"),
		ends:   strings.Fields("bury borough burg dale field ford grove ham haven land ley mont mouth port side ton town vale view ville water wood")},
	streets: strings.Fields("Main Oak Maple Park Second Third First Washington Pine Cedar Elm Lake Hill Walnut Church Lincoln Jackson Spring Center Ridge Meadow Sunset Forest River " +
		"Highland Jefferson Adams Cherry Willow Madison Franklin Dogwood Chestnut Hickory Railroad Valley Mill College Birch Poplar Laurel Monroe Spruce Holly Magnolia Cypress Locust Broad Sycamore"),
	streetTail: syllables{
		starts: strings.Fields("Ash Bay Bell Black Blue Briar Brook Canyon Clover Copper Crest Deer Eagle Fair Falcon Fox Gold Green Haw Heather Hunt Iron King Lark Mead Moss Orchard Otter Quail Rock Sage Shadow Silver Stone Summer Timber Wind Wolf"),
		ends:   strings.Fields("wood field brook dale bend ridge view side stone land creek crest leaf run hollow point ford path")},
	streetKinds:   []string{"Street", "Avenue", "Road", "Drive", "Lane", "Court", "Boulevard", "Place"},
	abbreviations: map[string]string{"Street": "St", "Avenue": "Ave", "Road": "Rd", "Drive": "Dr", "Lane": "Ln", "Court": "Ct", "Boulevard": "Blvd", "Place": "Pl"},
	joinStreet:    func(name, kind string) string { return name + " " + kind },
	houseNumbers:  2400,
	postcode:      digitsAfterPrefix(5),
	domains:       []string{"gmail.com", "yahoo.com", "hotmail.com", "aol.com", "outlook.com", "icloud.com", "comcast.net", "msn.com", "att.net", "verizon.net", "live.com", "me.com"},
	companyEnd:    ".com",
	phones: phonePlan{
		mobile: func(r draw.RNG, area int64) string {
			return digits(area, 3) + digits(r.Between(200, 999), 3) + digits(r.Below(10000), 4)
		},
		line: func(r draw.RNG, area int64) string {
			return digits(area, 3) + digits(r.Between(200, 999), 3) + digits(r.Below(10000), 4)
		},
		area:  func(h uint64) int64 { return 201 + int64(h%780) },
		forms: []string{"(###) ###-####", "###-###-####", "##########", "###.###.####", "### ### ####"},
	},
}
