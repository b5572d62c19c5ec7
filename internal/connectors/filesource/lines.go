package filesource

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
)

// maxLine bounds a line, and a record of several lines, in bytes. What is longer is no record but a broken file.
const maxLine = 1 << 20

// line is a line of a file without its end.
type line struct {
	text   string
	number int64  // from 1
	bad    string // why it is not text, else empty; the text then shows replacement characters
	long   bool   // it is longer than maxLine and cut off
}

// lineReader cuts a stream into lines and decodes them.
type lineReader struct {
	in       *bufio.Reader
	decoder  *encoding.Decoder // of each line; nil for UTF-8
	declared string            // the encoding's name
	// decoded means that the stream was decoded as a whole, which leaves replacement characters where it could not.
	decoded bool
	number  int64
	buf     []byte
}

// next gives the next line, and io.EOF after the last.
func (l *lineReader) next() (line, error) {
	raw, long, err := l.read()
	if err != nil {
		return line{}, err
	}
	l.number++
	if l.number == 1 && l.decoder == nil {
		raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	}
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	raw = bytes.TrimSuffix(raw, []byte("\r"))
	out := line{number: l.number, long: long}
	out.text, out.bad = l.decode(raw)
	return out, nil
}

// read gives the bytes of a line with its end; of one that is too long only the beginning.
func (l *lineReader) read() (raw []byte, long bool, err error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		if len(l.buf) == 0 && err == nil {
			return part, false, nil
		}
		if room := maxLine - len(l.buf); len(part) > room {
			part, long = part[:room], true
		}
		l.buf = append(l.buf, part...)
		switch err {
		case nil:
			return l.buf, long, nil
		case bufio.ErrBufferFull:
		case io.EOF:
			if len(l.buf) == 0 {
				return nil, false, io.EOF
			}
			return l.buf, long, nil
		default:
			return nil, false, err
		}
	}
}

func (l *lineReader) decode(raw []byte) (text, bad string) {
	bad = ""
	switch {
	case l.decoder != nil && !ascii(raw):
		out, err := l.decoder.Bytes(raw)
		text = string(out)
		if err != nil || strings.ContainsRune(text, utf8.RuneError) {
			bad = "bytes that are not " + l.declared
		}
	case l.decoded:
		text = string(raw)
		if strings.ContainsRune(text, utf8.RuneError) {
			bad = "bytes that are not " + l.declared
		}
	case !utf8.Valid(raw):
		text, bad = strings.ToValidUTF8(string(raw), "\ufffd"), "bytes that are not "+l.declared
	default:
		text = string(raw)
	}
	if bad == "" && strings.IndexByte(text, 0) >= 0 {
		text, bad = strings.ReplaceAll(text, "\x00", "\ufffd"), "a NUL byte, which is not text"
	}
	return text, bad
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
