using System.Text.Json;
using Traffic.Scripts;

namespace Traffic.Checking;

/// <summary>What an answer's body says about the rows it shows: read once a body, kept while the client holds the body.</summary>
/// <param name="Tenant">The tenant the body names; null when it names none.</param>
/// <param name="Version">The body's own version; null when it has none.</param>
/// <param name="Role">The role in a context.</param>
/// <param name="Rows">The rows it shows.</param>
/// <param name="Complete">False when the list says that there is more than it shows.</param>
internal sealed record Content(string? Tenant, long? Version, string? Role, IReadOnlyList<RowVersion> Rows, bool Complete)
{
    /// <exception cref="JsonException">The body is not the JSON that the call's answers have.</exception>
    public static Content Read(Call call, ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        string? tenant = null, id = null, role = null;
        long? version = null, total = null;
        List<RowVersion> rows = [];
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("tenant"u8)) tenant = Text(ref reader);
            else if (reader.ValueTextEquals("id"u8) || (call.Shows == Shows.Context && reader.ValueTextEquals("user"u8))) id = Text(ref reader);
            else if (reader.ValueTextEquals("role"u8)) role = Text(ref reader);
            else if (reader.ValueTextEquals("version"u8)) version = Number(ref reader);
            else if (reader.ValueTextEquals("total"u8)) total = Number(ref reader);
            else if (call.Shows == Shows.List && reader.ValueTextEquals("items"u8)) Items(ref reader, call.Type, rows);
            else Pass(ref reader);
        }

        if (call.Shows is Shows.Row or Shows.Context)
        {
            Expect(id is not null && version is not null);
            rows.Add(new RowVersion(call.Type, id!, version!.Value));
        }

        return new Content(tenant, version, role, rows, Complete: total is null || total == rows.Count);
    }

    private static void Items(ref Utf8JsonReader reader, RowType type, List<RowVersion> rows)
    {
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartArray);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string? id = null;
            long? version = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("id"u8)) id = Text(ref reader);
                else if (reader.ValueTextEquals("version"u8)) version = Number(ref reader);
                else Pass(ref reader);
            }

            Expect(id is not null && version is not null);
            rows.Add(new RowVersion(type, id!, version!.Value));
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String) return reader.GetString();
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
