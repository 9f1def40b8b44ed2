using System.Collections;
using System.Collections.ObjectModel;
using System.Data;
using System.Data.Common;
using Freshet.EntityFrameworkCore.Interception;

namespace Freshet.EntityFrameworkCore.Ado;

/// <summary>A reader whose command has written, or whose rows a load reads: its end is the end of the command.</summary>
internal sealed class WatchedReader(DbDataReader inner, ConnectionWatch watch, IReadOnlyList<RunningCommand> runs, LoadScope? load)
    : DbDataReader, IDbColumnSchemaGenerator
{
    private bool _failed;
    private bool _ended;

    public override int Depth => inner.Depth;

    public override int FieldCount => inner.FieldCount;

    public override bool HasRows => inner.HasRows;

    public override bool IsClosed => inner.IsClosed;

    public override int RecordsAffected => inner.RecordsAffected;

    public override int VisibleFieldCount => inner.VisibleFieldCount;

    public override object this[int ordinal] => inner[ordinal];

    public override object this[string name] => inner[name];

    public override bool Read() => Advance(inner.Read);

    public override Task<bool> ReadAsync(CancellationToken cancellationToken) => AdvanceAsync(inner.ReadAsync(cancellationToken));

    public override bool NextResult() => Advance(inner.NextResult);

    public override Task<bool> NextResultAsync(CancellationToken cancellationToken) => AdvanceAsync(inner.NextResultAsync(cancellationToken));

    public override void Close()
    {
        try
        {
            Advance(() =>
            {
                inner.Close();
                return true;
            });
        }
        finally
        {
            watch.Writes.Invalidate(End());
        }
    }

    public override async Task CloseAsync()
    {
        try
        {
            await AdvanceAsync(CloseInnerAsync()).ConfigureAwait(false);
        }
        finally
        {
            await watch.Writes.InvalidateAsync(End()).ConfigureAwait(false);
        }

        async Task<bool> CloseInnerAsync()
        {
            await inner.CloseAsync().ConfigureAwait(false);
            return true;
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    public override bool GetBoolean(int ordinal) => inner.GetBoolean(ordinal);

    public override byte GetByte(int ordinal) => inner.GetByte(ordinal);

    public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) =>
        inner.GetBytes(ordinal, dataOffset, buffer, bufferOffset, length);

    public override char GetChar(int ordinal) => inner.GetChar(ordinal);

    public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) =>
        inner.GetChars(ordinal, dataOffset, buffer, bufferOffset, length);

    public ReadOnlyCollection<DbColumn> GetColumnSchema() => inner.GetColumnSchema();

    public override Task<ReadOnlyCollection<DbColumn>> GetColumnSchemaAsync(CancellationToken cancellationToken = default) =>
        inner.GetColumnSchemaAsync(cancellationToken);

    public override string GetDataTypeName(int ordinal) => inner.GetDataTypeName(ordinal);

    public override DateTime GetDateTime(int ordinal) => inner.GetDateTime(ordinal);

    public override decimal GetDecimal(int ordinal) => inner.GetDecimal(ordinal);

    public override double GetDouble(int ordinal) => inner.GetDouble(ordinal);

    public override IEnumerator GetEnumerator() => new DbEnumerator(this);

    public override Type GetFieldType(int ordinal) => inner.GetFieldType(ordinal);

    public override T GetFieldValue<T>(int ordinal) => inner.GetFieldValue<T>(ordinal);

    public override Task<T> GetFieldValueAsync<T>(int ordinal, CancellationToken cancellationToken) => inner.GetFieldValueAsync<T>(ordinal, cancellationToken);

    public override float GetFloat(int ordinal) => inner.GetFloat(ordinal);

    public override Guid GetGuid(int ordinal) => inner.GetGuid(ordinal);

    public override short GetInt16(int ordinal) => inner.GetInt16(ordinal);

    public override int GetInt32(int ordinal) => inner.GetInt32(ordinal);

    public override long GetInt64(int ordinal) => inner.GetInt64(ordinal);

    public override string GetName(int ordinal) => inner.GetName(ordinal);

    public override int GetOrdinal(string name) => inner.GetOrdinal(name);

    public override Type GetProviderSpecificFieldType(int ordinal) => inner.GetProviderSpecificFieldType(ordinal);

    public override object GetProviderSpecificValue(int ordinal) => inner.GetProviderSpecificValue(ordinal);

    public override int GetProviderSpecificValues(object[] values) => inner.GetProviderSpecificValues(values);

    public override DataTable? GetSchemaTable() => inner.GetSchemaTable();

    public override Task<DataTable?> GetSchemaTableAsync(CancellationToken cancellationToken = default) => inner.GetSchemaTableAsync(cancellationToken);

    public override Stream GetStream(int ordinal) => inner.GetStream(ordinal);

    public override string GetString(int ordinal) => inner.GetString(ordinal);

    public override TextReader GetTextReader(int ordinal) => inner.GetTextReader(ordinal);

    public override object GetValue(int ordinal) => inner.GetValue(ordinal);

    public override int GetValues(object[] values) => inner.GetValues(values);

    public override bool IsDBNull(int ordinal) => inner.IsDBNull(ordinal);

    public override Task<bool> IsDBNullAsync(int ordinal, CancellationToken cancellationToken) => inner.IsDBNullAsync(ordinal, cancellationToken);

    protected override DbDataReader GetDbDataReader(int ordinal) => inner.GetData(ordinal);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool Advance(Func<bool> advance)
    {
        try
        {
            return advance();
        }
        catch
        {
            Fail();
            throw;
        }
    }

    private async Task<bool> AdvanceAsync(Task<bool> advance)
    {
        try
        {
            return await advance.ConfigureAwait(false);
        }
        catch
        {
            Fail();
            throw;
        }
    }

    // C3: rows that were not read are in no answer, for a reason of which no record is ever made.
    private void Fail()
    {
        _failed = true;
        load?.DoNotStore(CacheReason.NestedUnknown);
    }

    private IReadOnlyList<Invalidation.Touch> End()
    {
        if (_ended)
            return [];
        _ended = true;
        return watch.End(runs, _failed);
    }
}
