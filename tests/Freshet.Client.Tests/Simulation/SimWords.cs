using System.Buffers.Binary;
using System.Buffers.Text;
using Freshet.Coherence;

namespace Freshet.Client.Tests.Simulation;

/// <summary>The rows of the model, the answers that are made from them, and the groups of both.</summary>
internal static class SimWords
{
    public const int Rows = 6;
    public const int Answers = 7;
    public static readonly string[] Everything = ["*"];
    private static readonly int[][] Made = [[0], [0, 1], [1, 4], [4, 5], [2, 3, 5], [0, 1, 2, 3]];

    /// <summary>In which log a row's touches are told: 0, the tenant's own, or 1, the public one.</summary>
    public static int LogOf(int row) => row < 4 ? 0 : 1;

    /// <summary>The row that a load reads next. The last answer is made from a row, and from another that the first one names.</summary>
    public static int? Next(int answer, List<(int Row, int Version)> read) => answer < Made.Length
        ? read.Count < Made[answer].Length ? Made[answer][read.Count] : null
        : read.Count switch { 0 => 2, 1 => read[0].Version % 2 == 0 ? 3 : 4, _ => null };

    /// <summary>The groups of an answer; one of them is made from a whole type.</summary>
    public static string[] GroupsOf(int answer, List<(int Row, int Version)> read) => answer == 5 ? ["own"] : [.. read.Select(r => $"r{r.Row}")];

    /// <summary>The groups that a touch of rows names.</summary>
    public static string[] TouchOf(IEnumerable<int> rows) =>
        [.. rows.SelectMany(r => new[] { $"r{r}", LogOf(r) == 0 ? "own" : "public" }).Distinct(StringComparer.Ordinal)];

    public static string Text(List<(int Row, int Version)> read) => string.Join(' ', read.Select(r => $"{r.Row}={r.Version}"));

    public static (int Row, int Version)[] Read(string text) =>
        [.. text.Split(' ').Select(t => t.Split('=')).Select(t => (int.Parse(t[0], null), int.Parse(t[1], null)))];

    public static Position? Of(this SessionPositions positions, int log) => log == 0 ? positions.Own : positions.Public;

    public static SessionPositions With(this SessionPositions positions, int log, Position position) =>
        log == 0 ? positions with { Own = position } : positions with { Public = position };

    /// <summary>Both: in each log the later one, and of two epochs the written one. What was written in a lost epoch shows here at once.</summary>
    public static SessionPositions Then(this SessionPositions carried, SessionPositions written) =>
        CarriedPositions.Of(carried).Then(CarriedPositions.Of(written)).Latest;

    /// <summary>A position as text. Where the MAC would be stands the epoch once more: the client does not read it.</summary>
    public static string Token(SessionPositions positions, Rules rules) =>
        string.Join('.', new[] { Token(0, positions.Own, rules), Token(1, positions.Public, rules) }.OfType<string>());

    public static SessionPositions ReadToken(string text)
    {
        var positions = default(SessionPositions);
        foreach (var token in text.Split('.'))
        {
            if (token.Length != 56)
                continue;
            var bytes = Base64Url.DecodeFromChars(token);
            var epoch = new Epoch(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(26)));
            positions = positions.With(bytes[1], new Position(epoch, BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(18))));
        }

        return positions;
    }

    private static string? Token(byte log, Position? position, Rules rules)
    {
        if (position is not { } place)
            return null;
        var token = new byte[42];
        (token[0], token[1]) = (2, log);
        BinaryPrimitives.WriteUInt128LittleEndian(token.AsSpan(2), rules.NameOf(place.Epoch).Value);
        BinaryPrimitives.WriteInt64LittleEndian(token.AsSpan(18), place.Offset);
        BinaryPrimitives.WriteUInt64LittleEndian(token.AsSpan(26), (ulong)place.Epoch.Value);
        return Base64Url.EncodeToString(token);
    }
}
