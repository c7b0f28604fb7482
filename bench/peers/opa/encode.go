package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

type member struct {
	key   string
	value *ast.Term
}

// appendJSON writes a value as every runner does: compact, keys sorted by bytes, sets as arrays in Rego order,
// numbers as they are spelled, no escapes but those that JSON demands.
func appendJSON(out []byte, value ast.Value) ([]byte, error) {
	var err error
	switch value := value.(type) {
	case ast.Null:
		return append(out, "null"...), nil
	case ast.Boolean:
		if value {
			return append(out, "true"...), nil
		}
		return append(out, "false"...), nil
	case ast.Number:
		return append(out, value...), nil
	case ast.String:
		return appendString(out, string(value)), nil
	case *ast.Array:
		out = append(out, '[')
		for i := range value.Len() {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendJSON(out, value.Elem(i).Value); err != nil {
				return out, err
			}
		}
		return append(out, ']'), nil
	case ast.Set:
		out = append(out, '[')
		for i, term := range value.Slice() {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendJSON(out, term.Value); err != nil {
				return out, err
			}
		}
		return append(out, ']'), nil
	case ast.Object:
		members := make([]member, 0, value.Len())
		err = value.Iter(func(key, term *ast.Term) error {
			name, ok := key.Value.(ast.String)
			if ok {
				members = append(members, member{string(name), term})
				return nil
			}
			// A key that is no string becomes its own JSON text.
			text, err := appendJSON(nil, key.Value)
			members = append(members, member{string(text), term})
			return err
		})
		if err != nil {
			return out, err
		}
		slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.key, b.key) })
		out = append(out, '{')
		for i, member := range members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(appendString(out, member.key), ':')
			if out, err = appendJSON(out, member.value.Value); err != nil {
				return out, err
			}
		}
		return append(out, '}'), nil
	}
	return out, fmt.Errorf("no JSON for %T", value)
}

func appendString(out []byte, text string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	from := 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\b':
			out = append(out, '\\', 'b')
		case '\f':
			out = append(out, '\\', 'f')
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(out, text[from:]...), '"')
}
