using System.Globalization;
using MigrationPlatform.Data;

namespace MigrationPlatform.Imports;

/// <summary>A column of the file, and the field it probably holds.</summary>
internal sealed record ImportColumn(string Source, FieldMatch Match);

/// <summary>A row of the file that makes an asset.</summary>
internal sealed record ImportRow(int Line, string Name, AssetType Type, long Bytes);

/// <summary>What a CSV holds: columns, good rows, and the rows that are not good with the reason.</summary>
/// <param name="Columns">As they stand in the header.</param>
/// <param name="Rows">The rows that can be imported.</param>
/// <param name="Rejected">The rows that cannot.</param>
/// <param name="Error">Why the file as a whole cannot be imported; null when it can.</param>
internal sealed record ImportFile(
    IReadOnlyList<ImportColumn> Columns, IReadOnlyList<ImportRow> Rows, List<RejectedRow> Rejected, string? Error)
{
    public static ImportFile Read(string csv, int maxRows)
    {
        using var records = Csv.Read(csv).GetEnumerator();
        if (!records.MoveNext()) return Refused("The file is empty.");
        if (records.Current is { Error: { } broken }) return Refused($"The header cannot be read: {broken}");
        var columns = records.Current.Fields.Select(name => new ImportColumn(name, FieldMatcher.Match(name))).ToList();
        if (columns.Exists(column => column.Source.Length == 0)) return Refused("A column has no name.");
        if (columns.DistinctBy(column => column.Source, StringComparer.OrdinalIgnoreCase).Count() < columns.Count)
            return Refused("Two columns have the same name.");
        if (Holding(columns, FieldMatcher.Name) < 0) return Refused("No column looks like the name of an asset.");

        var (rows, rejected) = (new List<ImportRow>(), new List<RejectedRow>());
        while (records.MoveNext())
        {
            if (rows.Count + rejected.Count == maxRows)
                return Refused(string.Create(CultureInfo.InvariantCulture, $"The file has more than {maxRows} rows."));
            var reason = Parse(columns, records.Current, out var row);
            if (reason is null) rows.Add(row!);
            else rejected.Add(new RejectedRow(records.Current.Line, reason));
        }

        return new ImportFile(columns, rows, rejected, rows.Count == 0 ? "The file has no row that can be imported." : null);
    }

    private static ImportFile Refused(string error) => new([], [], [], error);

    /// <returns>Why the record is rejected, or null.</returns>
    private static string? Parse(List<ImportColumn> columns, CsvRecord record, out ImportRow? row)
    {
        row = null;
        if (record.Error is not null) return record.Error;
        if (record.Fields.Count != columns.Count)
        {
            return string.Create(
                CultureInfo.InvariantCulture, $"The row has {record.Fields.Count} fields, the header has {columns.Count}.");
        }

        var name = Field(FieldMatcher.Name)!;
        if (name.Length is 0 or > 200) return "The name is missing or longer than 200 characters.";
        var (type, bytes) = (AssetType.Document, 0L);
        if (Field(FieldMatcher.Type) is { Length: > 0 } kind
            && !(char.IsAsciiLetter(kind[0]) && Enum.TryParse(kind, ignoreCase: true, out type) && Enum.IsDefined(type)))
            return $"'{kind}' is no type of asset.";
        if (Field(FieldMatcher.Bytes) is { Length: > 0 } size
            && !long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out bytes))
            return $"'{size}' is no size in bytes.";
        row = new ImportRow(record.Line, name, type, bytes);
        return null;

        string? Field(string target) => Holding(columns, target) is var at and >= 0 ? record.Fields[at] : null;
    }

    /// <summary>The column that most probably holds the field; the first of equals.</summary>
    private static int Holding(List<ImportColumn> columns, string target)
    {
        var best = -1;
        for (var at = 0; at < columns.Count; at++)
        {
            var match = columns[at].Match;
            if (match.Target == target && (best < 0 || match.Confidence > columns[best].Match.Confidence)) best = at;
        }

        return best;
    }
}
