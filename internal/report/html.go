package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed report.html.tmpl
var page string

var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"number": Number,
	"signed": Signed,
	"percent": func(part, whole int64) template.CSS {
		if whole <= 0 {
			return "width:0%"
		}
		return template.CSS(fmt.Sprintf("width:%.2f%%", 100*float64(part)/float64(whole)))
	},
	"share": func(f float64) template.CSS { return template.CSS(fmt.Sprintf("width:%.2f%%", 100*f)) },
}).Parse(page))

// HTML writes the report as one page that needs nothing else: no script, font or picture from anywhere.
func (m Model) HTML(w io.Writer) error { return pageTemplate.Execute(w, m) }
