package filesource

import (
	"errors"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// codePages are the names of Windows and of databases for encodings that IANA calls otherwise. The EUC-KR of this library is
// the extended one, CP949.
var codePages = map[string]encoding.Encoding{
	"CP949": korean.EUCKR, "MS949": korean.EUCKR, "UHC": korean.EUCKR, "EUC-KR": korean.EUCKR,
	"CP932": japanese.ShiftJIS, "MS932": japanese.ShiftJIS, "SJIS": japanese.ShiftJIS,
	"CP936": simplifiedchinese.GBK, "CP950": traditionalchinese.Big5,
	"UTF-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
}

// findEncoding gives the encoding of a name, nil for UTF-8.
func findEncoding(name string) (encoding.Encoding, error) {
	upper := strings.ToUpper(strings.TrimSpace(name))
	if upper == "" || upper == "UTF-8" || upper == "UTF8" || upper == "UTF-8-SIG" {
		return nil, nil
	}
	if e, ok := codePages[upper]; ok {
		return e, nil
	}
	if e, err := ianaindex.IANA.Encoding(upper); err == nil && e != nil {
		return e, nil
	}
	if e, err := htmlindex.Get(strings.TrimPrefix(upper, "CP")); err == nil {
		return e, nil
	}
	if rest, ok := strings.CutPrefix(upper, "CP"); ok {
		if e, err := htmlindex.Get("windows-" + rest); err == nil {
			return e, nil
		}
	}
	return nil, errors.New("not known")
}

// byLine reports whether a line ends at a byte 0x0A in this encoding and nowhere else, and ASCII stands for itself, so that lines
// can be cut before they are decoded. Encodings with wider units or with escape sequences are decoded as a whole.
func byLine(e encoding.Encoding) bool {
	const probe = "\x1b$B0!\x1b(B~{VP~}az,\n\"09"
	if out, err := e.NewDecoder().String(probe); err != nil || out != probe {
		return false
	}
	return true
}
