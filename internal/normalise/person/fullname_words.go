package person

import "strings"

// words makes a set of the words of a text.
func words(text string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(text) {
		set[w] = true
	}
	return set
}

// titles stand before a name and are hardly ever a name.
var titles = words(`
	mr mister mrs ms miss mx dr doctor prof professor sir dame lord lady hon honorable honourable rt rev reverend revd fr father sr sra srta
	senor senora senorita dna mme madame mlle mademoiselle monsieur msgr monsignor herr hr frau fraulein dott dottssa sig signor signora ing ir drs mag
	dipl univ lic arq abg pan pani capt captain col colonel gen general lt lieut lieutenant sgt sergeant cpl corporal pvt adm admiral cmdr cdr
	commander brig brigadier comte sen senator rep representative gov governor pres president amb ambassador secretary minister chancellor
	cardinal archbishop rabbi imam sheikh sheik shaikh hajji haji hajah ayatollah swami pastor vicar canon deacon chaplain friar sister brother mother
	coach magistrate attorney councillor councilman councilwoman alderman congressman congresswoman chairman chairwoman chief deputy detective inspector officer
	constable trooper nurse mayor shri smt kumari datuk dato tan tun`)

// rareTitles are given names or surnames at least as often.
var rareTitles = words(`
	king queen prince princess duke duchess earl baron baroness count countess viscount marquis emperor judge justice dean major bishop pope marshal abbot
	don dona saint private`)

// titleTails follow a title in German: Dr. rer. nat., Dr. med. dent.
var titleTails = words(`med dent vet rer nat jur iur phil oec pol habil hc theol techn`)

// givenNameTitles stand before a given name, where other titles stand before a surname.
var givenNameTitles = words(`sir dame lady sister brother father mother friar pope king queen prince princess saint don dona swami sheikh sheik shaikh shri`)

// suffixes stand behind a name and are hardly ever a name.
var suffixes = words(`
	jr sr jnr snr junior senior filho neto esq esquire ii iii iv vi vii viii ix 2nd 3rd 4th 5th
	phd dphil md mds dds dmd dvm dc dpm od edd psyd pharmd dnp jd llb llm llp mba msc bsc mphil mres meng beng ceng bcom bed mfa mph mpa msw lcsw
	rn np lpn bsn msn crna cpa cfa cfp clu chfc lutc cma cissp pmp frics mrics qc kc sc mp msp mep mla obe mbe cbe kbe dbe cmg kcmg om frs frse frcs frcp
	mrcp mrcs facs facp usn usaf usmc ret retd sj osb ofm ocd osa cssr`)

// rareSuffixes are surnames, given names or initials too.
var rareSuffixes = words(`i v x ma ba bs ms do ed pe pa ca ra la be esp op`)

// conjunctions join two names.
var conjunctions = words(`and und et of the or`)

// particles begin a surname. Those that are also given names are particles only behind another name.
var particles = words(`
	de del della delle dello degli dei di da do dos das du des la las le los lo af av auf von vom van vande vanden vander zu zum zur der den ter ten te het
	bin ibn bint binti abu ab al el san santa santo st ste saint mac fitz dal dalla dallo ze ver vd`)

// strictParticles are no given names: a name that begins with two words of which this is the first is all surname.
var strictParticles = words(`de del della delle dello degli dei di da do dos das du des von vom vande vanden vander zu zum zur der den ter ten het ibn bint binti dal dalla`)

// maidenWords announce a maiden name.
var maidenWords = words(`nee geb geborene geboren born ne nata nacida`)
