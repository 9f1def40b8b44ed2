using Freshet.Resp.Protocol;

namespace Freshet.Resp.Connections;

/// <summary>
/// Hands what was written to the network, one batch after the other: while one is on its way the next one gathers, so the more
/// callers there are, the fewer packets each of them costs.
/// </summary>
/// <param name="stream">The way to the server.</param>
/// <param name="line">What there is to send. It makes sure that one sends at a time.</param>
/// <param name="fail">Told when the network fails.</param>
internal sealed class RespSender(Stream stream, RespLine line, Action<Exception> fail) : IThreadPoolWorkItem
{
    private RespOutput _batch = new();

    /// <summary>Sends all there is; only for whom the line has told to.</summary>
    /// <param name="inline">Whether the first batch goes out on this thread; the others never do.</param>
    public void Send(bool inline)
    {
        if (!inline || SendOne())
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (SendOne())
        {
        }
    }

    /// <returns>Whether there may be more to send and this thread is to do it.</returns>
    private bool SendOne()
    {
        if (!line.TryTake(ref _batch))
            return false;
        try
        {
            var sending = stream.WriteAsync(_batch.Written, CancellationToken.None);
            if (!sending.IsCompleted)
            {
                _ = GoOnAfterAsync(sending);
                return false;
            }

            sending.GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            fail(e);
            return false;
        }

        _batch.Clear();
        return true;
    }

    private async Task GoOnAfterAsync(ValueTask sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception e)
        {
            fail(e);
            return;
        }

        _batch.Clear();
        while (SendOne())
        {
        }
    }
}
