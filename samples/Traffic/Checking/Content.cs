using System.Text.Json;
using Traffic.Scripts;

namespace Traffic.Checking;

/// <summary>What an answer's body says about the rows it shows: read once a body, kept while the client holds the body.</summary>
/// <param name="Tenant">The tenant the body names; null when it names none.</param>
/// <param name="Version">The body's own version; 0 when it has none.</param>
/// <param name="Rows">The rows it shows.</param>
internal sealed record Content(string? Tenant, long Version, IReadOnlyList<RowVersion> Rows)
{
    /// <summary>The role in a context, or of a user.</summary>
    public string? Role { get; private set; }

    /// <summary>How many rows an import accepted: it made an asset of each.</summary>
    public long Accepted { get; private set; }

    /// <summary>The page that a list says it is, counted from one; null when it does not say.</summary>
    public long? Page { get; private set; }

    /// <summary>How many rows it says a page has; null when it does not say.</summary>
    public long? PageSize { get; private set; }

    /// <summary>How many rows there are on all pages; null when it does not say.</summary>
    public long? Total { get; private set; }

    /// <summary>False when a list that is asked for in the order of names is in another.</summary>
    public bool IsSorted { get; private set; } = true;

    /// <summary>How many rows of each type a dashboard counts.</summary>
    public IReadOnlyDictionary<RowType, long> Counts { get; private set; } = NoCounts;

    private static readonly Dictionary<RowType, long> NoCounts = [];

    /// <exception cref="JsonException">The body is not the JSON that the call's answers have.</exception>
    public static Content Read(Call call, ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        var own = new RowVersion(call.Type, "", 0);
        List<RowVersion> rows = [];
        Dictionary<RowType, long> counts = [];
        var content = new Content(null, 0, rows);
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Field(ref reader, ref own, own)) continue;
            if (reader.ValueTextEquals("role"u8)) content.Role = Text(ref reader, null);
            else if (reader.ValueTextEquals("acceptedRows"u8)) content.Accepted = Number(ref reader) ?? 0;
            else if (reader.ValueTextEquals("page"u8)) content.Page = Number(ref reader);
            else if (reader.ValueTextEquals("pageSize"u8)) content.PageSize = Number(ref reader);
            else if (reader.ValueTextEquals("total"u8)) content.Total = Number(ref reader);
            else if (call.Shows == Shows.List && reader.ValueTextEquals("items"u8)) content.IsSorted = Items(ref reader, call, rows);
            else if (call.Shows == Shows.Dashboard && CountedAs(ref reader) is var type and not RowType.None)
                counts[type] = Sum(ref reader, byStatus: type is RowType.Engagement or RowType.Mapping);
            else Pass(ref reader);
        }

        if (call.Shows is Shows.Row or Shows.Context) rows.Add(Whole(own));
        if (call.Shows == Shows.Dashboard) content.Counts = counts;
        return content with { Tenant = own.Tenant, Version = own.Version };
    }

    /// <returns>Whether the items are in the order of their names, when they are asked for in it.</returns>
    private static bool Items(ref Utf8JsonReader reader, Call call, List<RowVersion> rows)
    {
        var byName = call.Listed?.Page is not null;
        var isSorted = true;
        string? nameBefore = null;
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            var row = new RowVersion(call.Type, "", 0);
            var before = rows.Count > 0 ? rows[^1] : row;
            string? name = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (Field(ref reader, ref row, before)) continue;
                if (byName && reader.ValueTextEquals("name"u8)) name = Text(ref reader, null);
                else Pass(ref reader);
            }

            rows.Add(Whole(row));
            if (!byName) continue;
            // SQLite orders text by its bytes, and ids settle ties.
            var order = rows.Count == 1 ? -1 : string.CompareOrdinal(nameBefore, name);
            isSorted &= order < 0 || (order == 0 && string.CompareOrdinal(before.Id, row.Id) < 0);
            nameBefore = name;
        }

        return isSorted;
    }

    /// <summary>Reads what every row says of itself.</summary>
    /// <returns>False when the property is something else; then nothing was read.</returns>
    private static bool Field(ref Utf8JsonReader reader, ref RowVersion row, in RowVersion before)
    {
        if (reader.ValueTextEquals("id"u8)) row = row with { Id = Text(ref reader, null) ?? "" };
        else if (reader.ValueTextEquals("version"u8)) row = row with { Version = Number(ref reader) ?? 0 };
        else if (reader.ValueTextEquals("tenant"u8)) row = row with { Tenant = Text(ref reader, before.Tenant) };
        else if (reader.ValueTextEquals("engagementId"u8)) row = row with { Engagement = Text(ref reader, before.Engagement) };
        else if (reader.ValueTextEquals("importId"u8)) row = row with { Import = Text(ref reader, before.Import) };
        else return false;
        return true;
    }

    private static RowVersion Whole(RowVersion row)
    {
        Expect(row is { Id.Length: > 0, Version: > 0 });
        return row;
    }

    private static RowType CountedAs(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("engagements"u8) ? RowType.Engagement
        : reader.ValueTextEquals("imports"u8) ? RowType.Import
        : reader.ValueTextEquals("mappings"u8) ? RowType.Mapping
        : reader.ValueTextEquals("assets"u8) ? RowType.Asset
        : RowType.None;

    /// <summary>Adds up the numbers called <c>count</c> inside a value, or all of them when it counts by status.</summary>
    private static long Sum(ref Utf8JsonReader reader, bool byStatus)
    {
        Expect(reader.Read() && reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray);
        var (depth, isCount, sum) = (reader.CurrentDepth, byStatus, 0L);
        while (reader.Read() && reader.CurrentDepth > depth)
        {
            if (reader.TokenType == JsonTokenType.PropertyName) isCount = byStatus || reader.ValueTextEquals("count"u8);
            else if (isCount && reader.TokenType == JsonTokenType.Number) sum += reader.GetInt64();
        }

        return sum;
    }

    /// <param name="reader">Stands on the property.</param>
    /// <param name="known">What it probably is: rows of one list say the same over and over.</param>
    private static string? Text(ref Utf8JsonReader reader, string? known)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) return known is not null && reader.ValueTextEquals(known) ? known : reader.GetString();
        reader.Skip();
        return null;
    }

    private static long? Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number) return reader.GetInt64();
        reader.Skip();
        return null;
    }

    private static void Pass(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private static void Expect(bool condition)
    {
        if (!condition) throw new JsonException("The body lacks what such answers have: an object with id and version, or items that have them.");
    }
}
