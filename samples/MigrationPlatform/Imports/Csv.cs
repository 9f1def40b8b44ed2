using System.Text;

namespace MigrationPlatform.Imports;

/// <summary>One record of a CSV text: its fields, or why it cannot be read.</summary>
/// <param name="Line">The line it begins on, counted from one.</param>
/// <param name="Fields">What was read; incomplete when there is an error.</param>
/// <param name="Error">Null for a good record.</param>
internal readonly record struct CsvRecord(int Line, IReadOnlyList<string> Fields, string? Error);

/// <summary>
/// Reads CSV as RFC 4180 writes it: quoted fields may hold delimiters, line breaks and doubled quotes. The delimiter is the
/// first of comma, semicolon and tab that the header uses. A malformed record is reported and the next line read as usual.
/// </summary>
internal sealed class Csv
{
    private readonly string _text;
    private readonly char _delimiter;
    private int _at;
    private int _line = 1;

    private Csv(string text)
    {
        _text = text;
        _delimiter = DelimiterOf(text);
    }

    public static IEnumerable<CsvRecord> Read(string text)
    {
        var csv = new Csv(text);
        while (csv._at < text.Length)
        {
            if (csv.SkipLineEnd()) continue; // an empty line is no record
            yield return csv.ReadRecord();
        }
    }

    private static char DelimiterOf(string text)
    {
        var quoted = false;
        foreach (var c in text)
        {
            if (c == '"') quoted = !quoted;
            else if (!quoted && c is ',' or ';' or '\t') return c;
            else if (!quoted && c is '\r' or '\n') break;
        }

        return ',';
    }

    private CsvRecord ReadRecord()
    {
        var (line, fields) = (_line, new List<string>());
        while (true)
        {
            var (field, error) = AtQuote ? ReadQuoted() : ReadPlain();
            fields.Add(field);
            if (error is not null) SkipRestOfLine();
            if (error is not null || _at == _text.Length || SkipLineEnd()) return new CsvRecord(line, fields, error);
            _at++; // the delimiter
        }
    }

    private bool AtQuote => _at < _text.Length && _text[_at] == '"';

    private (string Field, string? Error) ReadPlain()
    {
        var start = _at;
        while (_at < _text.Length && _text[_at] != _delimiter && _text[_at] is not ('\r' or '\n'))
        {
            if (_text[_at] == '"') return (_text[start.._at], "A quote stands inside a field that does not begin with one.");
            _at++;
        }

        return (_text[start.._at].Trim(), null);
    }

    private (string Field, string? Error) ReadQuoted()
    {
        var field = new StringBuilder();
        _at++; // the opening quote
        while (_at < _text.Length)
        {
            var c = _text[_at++];
            if (c != '"')
            {
                field.Append(c);
                if (c == '\n' || (c == '\r' && (_at == _text.Length || _text[_at] != '\n'))) _line++;
            }
            else if (AtQuote)
            {
                field.Append('"');
                _at++;
            }
            else
            {
                var ends = _at == _text.Length || _text[_at] == _delimiter || _text[_at] is '\r' or '\n';
                return (field.ToString(), ends ? null : "Text follows a closing quote.");
            }
        }

        return (field.ToString(), "A quoted field is never closed.");
    }

    private void SkipRestOfLine()
    {
        while (_at < _text.Length && !SkipLineEnd()) _at++;
    }

    private bool SkipLineEnd()
    {
        if (_at == _text.Length || _text[_at] is not ('\r' or '\n')) return false;
        if (_text[_at] == '\r' && _at + 1 < _text.Length && _text[_at + 1] == '\n') _at++;
        _at++;
        _line++;
        return true;
    }
}
