using System.Buffers.Text;

namespace Freshet.Resp.Topology;

/// <summary>What a node of a cluster says of the cluster (CLUSTER INFO).</summary>
/// <param name="Serves">Whether it sees a cluster that serves; one that is cut off does not.</param>
/// <param name="Epoch">The cluster's epoch as it knows it: each failover raises it, so who knows of a higher one knows more.</param>
internal readonly record struct ClusterState(bool Serves, long Epoch)
{
    /// <summary>Reads the text of the reply; what is not told counts as the worst.</summary>
    public static ClusterState Read(ReadOnlySpan<byte> text)
    {
        var state = default(ClusterState);
        foreach (var part in text.Split("\r\n"u8))
        {
            var line = text[part];
            if (line.SequenceEqual("cluster_state:ok"u8))
                state = state with { Serves = true };
            else if (line.StartsWith("cluster_current_epoch:"u8) && Utf8Parser.TryParse(line["cluster_current_epoch:".Length..], out long epoch, out _))
                state = state with { Epoch = epoch };
        }

        return state;
    }
}
