using Traffic.Scripts;

namespace Traffic.Playing;

/// <summary>One user in the middle of the script.</summary>
internal sealed class UserPlay : IAsyncDisposable
{
    private readonly IEnumerator<Step> _script;

    public UserPlay(Browser browser, IEnumerable<Step> script)
    {
        (Browser, _script) = (browser, script.GetEnumerator());
        _script.MoveNext();
    }

    public Browser Browser { get; }

    /// <summary>Plays from where it stands as long as it is told to go on.</summary>
    /// <param name="goesOn">Whether to play the step, given how many were played.</param>
    /// <param name="due">Ends when the step is due.</param>
    /// <param name="cancel">Ends the play.</param>
    /// <returns>How many steps were played.</returns>
    public async Task<int> PlayAsync(Func<Step, int, bool> goesOn, Func<Step, Task> due, CancellationToken cancel)
    {
        var played = 0;
        while (goesOn(_script.Current, played))
        {
            await due(_script.Current);
            await Browser.PlayAsync(_script.Current, cancel);
            _script.MoveNext(); // the script is endless
            played++;
        }

        return played;
    }

    public ValueTask DisposeAsync()
    {
        _script.Dispose();
        return Browser.DisposeAsync();
    }
}
