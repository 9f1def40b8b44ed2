using System.Text;
using Traffic.Checking;
using Traffic.Scripts;

namespace Traffic.Tests.Checking;

/// <summary>Plants each way to break the promise, and its innocent neighbour. Alice and Vera are of acme.</summary>
public abstract class PlantedTests
{
    internal const int Alice = 1;
    internal const int Vera = 2;

    internal Ledger Ledger { get; } = new();

    internal Checker Checker => field ??= new Checker(Ledger, new Dictionary<string, long>(StringComparer.Ordinal) { ["acme"] = 100 });

    internal void Acknowledge(int client, Call write, string body) =>
        Assert.Null(Checker.Acknowledge(AnswerOf(client, write, body, Ledger.Begin(), 200)));

    internal Broken? Judge(int client, Call call, string? body, int status = 200, long? begin = null) =>
        Checker.Judge(AnswerOf(client, call, body, begin ?? Ledger.Begin(), status));

    internal static Answer AnswerOf(int client, Call call, string? body, long begin, int status) =>
        new(client, client == Alice ? Worlds.Admin : Worlds.Viewer, call, begin, status,
            body is null ? null : Content.Read(call, Encoding.UTF8.GetBytes(body)));

    internal static RowVersion Known(RowType type, string id, string? engagement = null, string? import = null) =>
        new(type, id, 1, "acme", engagement, import);

    internal static string Row(string id, long version) => $$"""{"version":{{version}},"id":"{{id}}","tenant":"acme"}""";

    internal static string Mapping(string id, long version, string import = "i-1") =>
        $$"""{"version":{{version}},"id":"{{id}}","tenant":"acme","importId":"{{import}}"}""";

    internal static string Asset(string id, string name, string engagement = "e-1", long version = 1, string import = "i-1") =>
        $$"""{"version":{{version}},"id":"{{id}}","tenant":"acme","engagementId":"{{engagement}}","importId":"{{import}}","name":"{{name}}"}""";

    internal static string List(params string[] items) => $$"""{"version":9,"tenant":"acme","items":[{{string.Join(',', items)}}]}""";

    internal static string Page(int page, int pageSize, int total, params string[] items) =>
        $$"""{"version":9,"tenant":"acme","total":{{total}},"page":{{page}},"pageSize":{{pageSize}},"items":[{{string.Join(',', items)}}]}""";

    /// <summary>Counts as the platform does: engagements and mappings by status, assets by type, and numbers that count no rows.</summary>
    internal static string Dashboard(long version, int engagements, int imports, int mappings, int assets) =>
        $$"""
        {"version":{{version}},"tenant":"acme","engagements":{"planned":{{engagements}},"done":0},"mappings":{"pending":0,"approved":{{mappings}}},
        "imports":{"count":{{imports}},"acceptedRows":99},"assets":[{"type":"server","count":{{assets}},"bytes":99,"migrated":99},
        {"type":"document","count":0,"bytes":0,"migrated":0}],"busiest":[{"id":"e-1","name":"x","open":99}]}
        """;
}
