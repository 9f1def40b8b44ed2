using System.Collections;
using System.Data;
using System.Data.Common;
using System.Globalization;
using Freshet.EntityFrameworkCore.Sql;
using Freshet.Invalidation;

namespace Freshet.EntityFrameworkCore.Reads;

/// <summary>The values of pinned columns in one execution of a command, as segments of tags.</summary>
internal static class PinnedValues
{
    /// <summary>More keys than this in one command are not worth a dependency each.</summary>
    public const int MaxKeys = 64;

    /// <summary>Every combination of the values of the columns; null when one is not what the column holds.</summary>
    public static List<string[]>? Keys(IReadOnlyList<Pin> pins, DbParameterCollection parameters)
    {
        List<string[]> keys = [[]];
        foreach (var pin in pins)
        {
            if (Segments(pin, parameters) is not { } segments || keys.Count * segments.Count > MaxKeys)
                return null;
            keys = [.. keys.SelectMany(_ => segments, (key, segment) => (string[])[.. key, segment])];
        }

        return keys;
    }

    public static List<string>? Segments(Pin pin, DbParameterCollection parameters)
    {
        var segments = new HashSet<string>(StringComparer.Ordinal);
        foreach (var value in pin.Values)
        {
            if (value.Token.Kind is SqlTokenKind.Parameter)
            {
                if (!Parameter(value, pin.Column.Kind, parameters, segments))
                    return null;
            }
            else if (Literal(value, pin.Column.Kind) is { } literal && KeyText.TryFormat(literal, pin.Column.Kind, out var segment))
                segments.Add(segment);
            else
                return null;
        }

        return [.. segments];
    }

    private static bool Parameter(SqlValue value, KeyKind kind, DbParameterCollection parameters, HashSet<string> segments)
    {
        if (Find(parameters, value.Token.Text) is not { Direction: ParameterDirection.Input } parameter)
            return false;
        // A string may be sent as a type that is compared in another way, such as citext.
        if (kind is KeyKind.Text && parameter.DbType is not (DbType.String or DbType.StringFixedLength or DbType.AnsiString or DbType.AnsiStringFixedLength)
            && !value.IsArray)
            return false;
        var isFixed = parameter.DbType is DbType.StringFixedLength or DbType.AnsiStringFixedLength;
        if (!value.IsArray)
            return Add(parameter.Value);
        if (parameter.Value is not IList elements || parameter.Value is byte[] || elements.Count > MaxKeys)
            return false;
        foreach (var element in elements)
        {
            if (!Add(element))
                return false;
        }

        return true;

        bool Add(object? item)
        {
            // A provider may cut a text at the declared size, and one of fixed length is compared without the blanks at its end.
            if (item is string text && ((parameter.Size > 0 && parameter.Size < text.Length) || (isFixed && text.EndsWith(' '))))
                return false;
            if (!KeyText.TryFormat(item, kind, out var segment))
                return false;
            segments.Add(segment);
            return true;
        }
    }

    // Providers accept a name with its mark and without; two parameters that differ in nothing else are not told apart here.
    public static DbParameter? Find(DbParameterCollection parameters, string name)
    {
        if (name[0] == '$' && int.TryParse(name.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out var position))
            return position >= 1 && position <= parameters.Count && parameters[position - 1].ParameterName.Length == 0 ? parameters[position - 1] : null;

        DbParameter? found = null;
        foreach (DbParameter parameter in parameters)
        {
            if (!parameter.ParameterName.AsSpan().TrimStart("@:$").Equals(name.AsSpan(1), StringComparison.OrdinalIgnoreCase))
                continue;
            if (found is not null)
                return null;
            found = parameter;
        }

        return found;
    }

    private static object? Literal(SqlValue value, KeyKind kind) => (value.Token.Kind, kind) switch
    {
        (SqlTokenKind.Number, KeyKind.Integer) => long.TryParse(
            (value.IsNegative ? "-" : "") + value.Token.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null,
        (SqlTokenKind.Text, KeyKind.Text) => value.Token.Text,
        (SqlTokenKind.Text, KeyKind.Guid) => Guid.TryParseExact(value.Token.Text, "D", out var guid) ? guid : null,
        (SqlTokenKind.Word, KeyKind.Boolean) => value.Token.Is("TRUE"),
        _ => null,
    };
}
