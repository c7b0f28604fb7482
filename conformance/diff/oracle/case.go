package main

import (
	"encoding/json"
)

// Case is one line of the input; README.md says what each field means.
type Case struct {
	ID          json.RawMessage `json:"id"`
	Modules     []Module        `json:"modules"`
	Query       string          `json:"query"`
	Queries     []string        `json:"queries"`
	Data        json.RawMessage `json:"data"`
	Input       json.RawMessage `json:"input"`
	InputTerm   string          `json:"input_term"`
	RegoVersion *int            `json:"rego_version"`
	Strict      bool            `json:"strict"`
	StrictMode  bool            `json:"strict_mode"`
	Prints      bool            `json:"prints"`
	Schemas     map[string]any  `json:"schemas"`
	As          string          `json:"as"`
	MaxErrors   int             `json:"max_errors"`
	TimeoutMS   int             `json:"timeout_ms"`
}

// Module is a text with a name; a bare string is named by its place in the list.
type Module struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// UnmarshalJSON takes both forms.
func (m *Module) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &m.Text)
	}
	type plain Module
	return json.Unmarshal(b, (*plain)(m))
}

// Row is one solution of a query. Values is nil unless the rows are those of `opa eval`.
type Row struct {
	Bindings map[string]any `json:"bindings"`
	Values   []any          `json:"values,omitempty"`
}

// Error is one diagnostic or the error that ended an evaluation. Text is Go's whole text of it.
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	File    string `json:"file,omitempty"`
	Row     int    `json:"row,omitempty"`
	Col     int    `json:"col,omitempty"`
	Text    string `json:"text"`
}

// Answer is what came of one query: rows, none (undefined), or errors.
type Answer struct {
	Rows      []Row   `json:"rows,omitempty"`
	Undefined bool    `json:"undefined,omitempty"`
	Errors    []Error `json:"errors,omitempty"`
}

// Result is one line of the output. Phase says where the errors beside it arose; then there are no
// answers.
type Result struct {
	ID      json.RawMessage `json:"id"`
	Phase   string          `json:"phase,omitempty"`
	Errors  []Error         `json:"errors,omitempty"`
	Answers []Answer        `json:"answers,omitempty"`
}
