using System.Buffers.Text;
using System.Globalization;
using Freshet.History.Judging;
using Freshet.History.Servers;

namespace Freshet.History.Playing;

/// <summary>
/// One client: calls one after the other, carries the position that it was last given, as a browser does with a cookie, and tells the history of
/// each call.
/// </summary>
/// <param name="nodes">Whom it may ask.</param>
/// <param name="history">Told of each call.</param>
/// <param name="client">Its number; -1 for one that carries no position.</param>
/// <param name="tenant">Whose client it is.</param>
internal sealed class Caller(IReadOnlyList<NodeProcess> nodes, History history, int client, int tenant)
{
    /// <summary>However the store fares, the API answers; this is far beyond anything that a fault may cost.</summary>
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(30);

    private string? _position;

    public int Tenant => tenant;

    public Task WriteAsync(int node, int row) => CallAsync(node, HttpMethod.Post, OperationKind.Write, PathOf(row), row, 1);

    public Task ReadItemAsync(int node, int row) => CallAsync(node, HttpMethod.Get, OperationKind.Item, PathOf(row), row, 1);

    public Task ReadListAsync(int node, int row)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"/{Owner(row)}/{World.GroupOf(row)}");
        return CallAsync(node, HttpMethod.Get, OperationKind.List, path, row - (row % World.RowsPerGroup), World.RowsPerGroup);
    }

    public Task ReadDataAsync(int node) =>
        CallAsync(node, HttpMethod.Get, OperationKind.Data, "/data", tenant * World.RowsPerTenant, World.RowsPerTenant);

    private static string PathOf(int row) => string.Create(CultureInfo.InvariantCulture, $"/{Owner(row)}/{World.GroupOf(row)}/{World.IdOf(row)}");

    private static string Owner(int row) => World.TenantOf(row) == World.Shared ? "shared" : "own";

    private async Task CallAsync(int node, HttpMethod method, OperationKind kind, string path, int first, int count)
    {
        if (nodes[node].Running is not { } life)
        {
            await Task.Yield();
            return;
        }

        var call = new Operation { Client = client, Node = node, Kind = kind, Tenant = tenant, First = first, Begin = History.Now };
        NodeAnswer answer;
        using var limit = new CancellationTokenSource(AnswersWithin);
        try
        {
            answer = await life.Client.SendAsync(method, path, tenant, _position, limit.Token);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or ObjectDisposedException)
        {
            // A node that was killed answers nobody, and what it was told may have happened or not. Any other one must answer.
            if (nodes[node].Running == life)
                history.Add(call with { Failure = e.Message }, default);
            return;
        }

        var seen = new Seen(answer.HasNoContact, answer.Position);
        if (answer.Status != 200)
        {
            history.Add(call with { Failure = string.Create(CultureInfo.InvariantCulture, $"status {answer.Status}") }, seen);
            return;
        }

        var versions = new long[count];
        var foreign = Parse(answer.Body, first, versions);
        if (client >= 0)
            _position = answer.Position ?? _position;
        history.Add(
            call with
            {
                Versions = versions,
                Foreign = foreign,
                IsPending = answer.IsPending,
                IsHit = answer.IsHit,
                Loads = kind is OperationKind.Data ? answer.Loads : answer.IsHit ? 0 : count,
            },
            seen);
    }

    /// <summary>Reads <c>tenant.id.version</c> and a space for each row.</summary>
    /// <returns>What does not belong there; null for nothing.</returns>
    internal static string? Parse(ReadOnlySpan<byte> body, int first, long[] versions)
    {
        while (!body.IsEmpty)
        {
            if (!TryTake(ref body, (byte)'.', out var tenant) || !TryTake(ref body, (byte)'.', out var id) || !TryTake(ref body, (byte)' ', out var version))
                return "an answer that is none";
            var row = (tenant * World.RowsPerTenant) + id;
            if (id is < 0 or >= World.RowsPerTenant || row < first || row >= first + versions.Length)
                return string.Create(CultureInfo.InvariantCulture, $"row {id} of tenant {tenant}");
            versions[row - first] = version;
        }

        return null;
    }

    private static bool TryTake(ref ReadOnlySpan<byte> body, byte end, out long number)
    {
        if (!Utf8Parser.TryParse(body, out number, out var length) || length == body.Length || body[length] != end)
            return false;
        body = body[(length + 1)..];
        return true;
    }
}
