using System.Globalization;
using Freshet.History.Nodes;

namespace Freshet.History.Servers;

/// <summary>An answer as it came.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Body">Its body, whole.</param>
/// <param name="Position">The position that its client carries from now on; null: the one that it carried.</param>
/// <param name="IsPending">Whether it is of a write that other nodes need not show yet.</param>
/// <param name="IsHit">Whether memory answered.</param>
/// <param name="HasNoContact">Whether it was loaded because its log is out of contact.</param>
/// <param name="Loads">How many rows were loaded for it.</param>
internal readonly record struct NodeAnswer(int Status, byte[] Body, string? Position, bool IsPending, bool IsHit, bool HasNoContact, int Loads);

/// <summary>The connections to one life of a node. Safe for concurrent use.</summary>
internal sealed class NodeClient(int port) : IDisposable
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null });
    private readonly string _address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    /// <exception cref="HttpRequestException">There was no answer.</exception>
    /// <exception cref="OperationCanceledException">There was none in time.</exception>
    public async Task<NodeAnswer> SendAsync(HttpMethod method, string path, int tenant, string? position, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, _address + path);
        request.Headers.TryAddWithoutValidation(NodeProgram.TenantHeader, tenant.ToString(CultureInfo.InvariantCulture));
        if (position is not null)
            request.Headers.TryAddWithoutValidation("Freshet-Position", position);
        using var response = await _http.SendAsync(request, cancel);
        var body = await response.Content.ReadAsByteArrayAsync(cancel);
        var isHit = HeaderOf(response, "X-Cache") is "HIT";
        var status = HeaderOf(response, "Cache-Status") ?? "";
        var loads = HeaderOf(response, NodeProgram.LoadsHeader);
        return new NodeAnswer(
            (int)response.StatusCode, body, HeaderOf(response, "Freshet-Position"), HeaderOf(response, "Freshet-Pending") is not null, isHit,
            status.Contains("no-contact", StringComparison.Ordinal), loads is null ? 0 : int.Parse(loads, CultureInfo.InvariantCulture));
    }

    public void Dispose() => _http.Dispose();

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
