namespace Traffic.Playing;

/// <summary>
/// What a balancer in front of the nodes would do: each request goes to the node whose turn it is, and names the site as its host.
/// So all nodes see one host, cookies go to all of them, and what is kept has one address.
/// </summary>
internal sealed class NodeHandler(Site site, NodeTurns turns, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    private static readonly HttpRequestOptionsKey<int> Node = new("Traffic.Node");
    private int _last;

    /// <summary>The node that was asked last.</summary>
    public int Last => Volatile.Read(ref _last);

    /// <summary>The number of the node that a request went to; -1 when it went to none.</summary>
    public static int NodeOf(HttpRequestMessage request) => request.Options.TryGetValue(Node, out var node) ? node : -1;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var node = turns.Next();
        Volatile.Write(ref _last, node);
        request.Options.Set(Node, node);
        if (site.Nodes.Count == 1) return await base.SendAsync(request, cancellationToken);

        var asked = request.RequestUri!;
        request.Headers.Host = asked.Authority;
        request.RequestUri = new UriBuilder(asked) { Host = site.Nodes[node].Host, Port = site.Nodes[node].Port }.Uri;
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        finally
        {
            // Whoever is above sees no redirection, and keeps the answer under the site's address.
            request.RequestUri = asked;
            request.Headers.Host = null;
        }
    }
}
