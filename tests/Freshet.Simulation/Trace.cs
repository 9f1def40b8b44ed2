using System.Globalization;
using System.Text;

namespace Freshet.Simulation;

/// <summary>The last events of a run, for whoever wants to see how it broke.</summary>
internal sealed class Trace
{
    private const int Length = 120;

    private readonly (long Step, long Time, int Node, Event Event, int About)[] _notes = new (long, long, int, Event, int)[Length];
    private long _count;

    public void Note(long step, long time, int node, Event e, int about) => _notes[_count++ % Length] = (step, time, node, e, about);

    public override string ToString()
    {
        var text = new StringBuilder();
        for (var i = Math.Max(0, _count - Length); i < _count; i++)
        {
            var (step, time, node, e, about) = _notes[i % Length];
            text.Append(CultureInfo.InvariantCulture, $"\n{step} at {time}: node {node} {e} {about}");
        }

        return text.ToString();
    }
}
