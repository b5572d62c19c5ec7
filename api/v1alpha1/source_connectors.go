package v1alpha1

// SourceConnector is exactly one way to read rows.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:MaxProperties=1
type SourceConnector struct {
	// Files on a volume.
	// +optional
	Files *FilesSource `json:"files,omitempty"`
	// Postgres is a table or query of a PostgreSQL database.
	// +optional
	Postgres *PostgresSource `json:"postgres,omitempty"`
}

// FilesSource reads CSV, NDJSON or Parquet files; .gz is unpacked.
// +kubebuilder:validation:XValidation:rule="self.format == 'CSV' || !has(self.csv)",message="csv options belong to format CSV"
type FilesSource struct {
	// Volume the files are on. A path never leaves it.
	Volume Volume `json:"volume"`
	// Path below the volume's root, with *, ? and ** as wildcards.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('/') && !self.split('/').exists(p, p == '..')",message="path is relative to the volume and has no .."
	Path string `json:"path"`
	// Format of the files.
	// +kubebuilder:validation:Enum=CSV;NDJSON;Parquet
	Format string `json:"format"`
	// CSV options.
	// +optional
	CSV *CSVOptions `json:"csv,omitempty"`
}

// CSVOptions say how a CSV file is written.
// +kubebuilder:validation:XValidation:rule="!has(self.header) || self.header || has(self.columns)",message="a file without a header needs columns"
// +kubebuilder:validation:XValidation:rule="!has(self.columns) || (has(self.header) && !self.header)",message="columns belong to a file with header: false"
// +kubebuilder:validation:XValidation:rule="!has(self.whitespace) || !self.whitespace || (!has(self.delimiter) && !has(self.quote))",message="whitespace takes neither delimiter nor quote"
type CSVOptions struct {
	// Delimiter between columns; a comma without it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1
	Delimiter string `json:"delimiter,omitempty"`
	// Whitespace: columns are aligned by runs of spaces or tabs.
	// +optional
	Whitespace bool `json:"whitespace,omitempty"`
	// Quote around values that hold a delimiter or a line break; a double quote without it.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1
	Quote string `json:"quote,omitempty"`
	// Encoding of the bytes, by its IANA name or CP949; UTF-8 without it.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Encoding string `json:"encoding,omitempty"`
	// Header: the first line names the columns.
	// +optional
	// +kubebuilder:default=true
	Header *bool `json:"header,omitempty"`
	// Columns name them where there is no header.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	Columns []string `json:"columns,omitempty"`
	// NullValues are texts that mean a missing value; the empty text without them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=40
	NullValues []string `json:"nullValues,omitempty"`
}

// PostgresSource reads a table or a query.
// +kubebuilder:validation:XValidation:rule="has(self.table) != has(self.query)",message="give either a table or a query"
type PostgresSource struct {
	// DSNSecretRef names the Secret's key that holds the connection string.
	DSNSecretRef SecretKeyReference `json:"dsnSecretRef"`
	// Table, with its schema where that is not on the search path.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Table string `json:"table,omitempty"`
	// Query whose rows are read, in a read-only transaction.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=8192
	Query string `json:"query,omitempty"`
	// CursorColumn grows with every change, such as updated_at: only rows at or past its last value are read.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	CursorColumn string `json:"cursorColumn,omitempty"`
}
