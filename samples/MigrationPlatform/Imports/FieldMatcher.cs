namespace MigrationPlatform.Imports;

/// <summary>A field of the target schema, and how sure the guess is, from 0 to 100.</summary>
internal readonly record struct FieldMatch(string? Target, int Confidence);

/// <summary>Guesses which field of the target schema a column of a customer's file holds.</summary>
internal static class FieldMatcher
{
    public const string Name = "name";
    public const string Type = "type";
    public const string Bytes = "bytes";

    private static readonly (string Target, string[] Words)[] Schema =
    [
        (Name, ["name", "title", "label", "asset", "nazov"]),
        (Type, ["type", "kind", "class", "category", "typ"]),
        (Bytes, ["bytes", "size", "length", "velkost"]),
        ("owner", ["owner", "responsible", "contact", "vlastnik"]),
        ("status", ["status", "state", "phase", "stav"]),
        ("location", ["location", "site", "place", "host", "path"]),
        ("description", ["description", "remark", "note", "comment", "poznamka"]),
    ];

    public static FieldMatch Match(string column)
    {
        var words = column.Split([' ', '_', '-', '.', '/'], StringSplitOptions.RemoveEmptyEntries);
        var best = default(FieldMatch);
        foreach (var (target, known) in Schema)
        {
            var rank = Array.FindIndex(known, word => words.Contains(word, StringComparer.OrdinalIgnoreCase));
            if (rank < 0) continue;
            // The field's own name beats a synonym; a lone word beats one among others.
            var confidence = (rank == 0 ? 100 : 85) - (words.Length > 1 ? 20 : 0);
            if (confidence > best.Confidence) best = new FieldMatch(target, confidence);
        }

        return best;
    }
}
