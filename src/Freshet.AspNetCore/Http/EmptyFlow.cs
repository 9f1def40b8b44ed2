namespace Freshet.AspNetCore.Http;

/// <summary>
/// A flow of control without ambient values. A load runs in one: what a middleware left in the flow of one request must
/// not find its way into an answer that many get.
/// </summary>
internal static class EmptyFlow
{
    private static readonly ExecutionContext Context = Capture();

    public static Task<T> Run<T>(Func<Task<T>> run)
    {
        Task<T>? task = null;
        ExecutionContext.Run(Context, _ => task = run(), null);
        return task!;
    }

    // The flow of a thread that inherits none.
    private static ExecutionContext Capture()
    {
        ExecutionContext? empty = null;
        var thread = new Thread(() => empty = ExecutionContext.Capture());
        thread.UnsafeStart();
        thread.Join();
        return empty!;
    }
}
