using System.Data.Common;
using Freshet.EntityFrameworkCore.Tests.Databases;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Tests.Writes;

public sealed class SqliteRetryTests() : RetryTests(null);

public sealed class PostgresRetryTests(PostgresServer server) : RetryTests(server);

/// <summary>
/// C8 under an execution strategy that tries again: an attempt whose answer was lost may have committed, whatever becomes of the
/// next one.
/// </summary>
public abstract class RetryTests(PostgresServer? server) : IAsyncLifetime
{
    private readonly Faults _faults = new();
    private TestApp _app = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(server, s => s.AddSingleton<IDbContextOptionsConfiguration<TestDb>>(new Retrying(_faults, server is null)));
        await _app.SeedAsync(
            new Client { Id = 1, Name = "c1" },
            new Import { Id = 42, ClientId = 1, Name = "i42" },
            new Mapping { Id = 7, ImportId = 42, Target = "a" },
            new Country { Code = "sk" });
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData(Fault.Command, true)]
    [InlineData(Fault.Command, false)]
    [InlineData(Fault.Begin, true)]
    [InlineData(Fault.Begin, false)]
    [InlineData(Fault.Commit, true)]
    [InlineData(Fault.Commit, false)]
    public async Task C8_CommitOfASaveIsLostAndTheNextAttemptFails_Touches(Fault next, bool sync)
    {
        await _app.UseAsync(async db =>
        {
            (await db.Mappings.SingleAsync()).Target = "b";
            (await db.Countries.SingleAsync()).Name = "b";
            var reading = await _app.ReadAsync(other => other.Mappings.SingleAsync(m => m.Id == 7));
            _faults.Expect(Fault.LostCommit, next);
            await SaveFailsAsync(db, sync);
            Assert.False(reading.IsValid());
        });
        Assert.Contains("(public): country/sk", _app.Store.Touched(), StringComparer.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task C8_CommitOfASaveIsLost_TouchesBeforeTheNextAttempt(bool sync)
    {
        string[] touched = [];
        await _app.UseAsync(async db =>
        {
            (await db.Mappings.SingleAsync()).Target = "b";
            (await db.Countries.SingleAsync()).Name = "b";
            _faults.Expect(Fault.LostCommit, Fault.Command);
            _faults.BeforeFault = fault =>
            {
                if (fault is Fault.Command)
                    touched = _app.Store.Touched();
            };
            await SaveFailsAsync(db, sync);
        });
        Assert.Contains("(public): country/sk", touched, StringComparer.Ordinal);
        Assert.Contains("(public): mapping/7", touched, StringComparer.Ordinal);
    }

    [Fact]
    public async Task C8_InsertIsLostAndTriedAgain_TouchesTheRowsOfBoth()
    {
        await _app.UseAsync(async db =>
        {
            db.AddRange(new Reviewer { Name = "one" }, new Reviewer { Name = "two" });
            var reading = await _app.ReadAsync(other => other.Reviewers.SingleOrDefaultAsync(r => r.Id == 1));
            _faults.Expect(Fault.LostCommit);
            await db.SaveChangesAsync();
            Assert.False(reading.IsValid());
        });
        Assert.Equal(4, await CountAsync());
    }

    [Fact]
    public async Task C8_InsertWithoutATransactionIsLostAndTriedAgain_TouchesTheRowsOfBoth()
    {
        await _app.UseAsync(async db =>
        {
            db.Add(new Reviewer { Name = "one" });
            var reading = await _app.ReadAsync(other => other.Reviewers.SingleOrDefaultAsync(r => r.Id == 1));
            _faults.Expect(Fault.LostCommand);
            await db.SaveChangesAsync();
            Assert.False(reading.IsValid());
        });
        Assert.Equal(2, await CountAsync());
    }

    [Fact]
    public async Task C8_CommandIsLostAndTheNextAttemptFails_Touches()
    {
        await _app.UseAsync(async db =>
        {
            var reading = await _app.ReadAsync(other => other.Countries.SingleAsync(c => c.Code == "sk"));
            _faults.Expect(Fault.LostCommand, Fault.Command);
            await Assert.ThrowsAnyAsync<Exception>(() => db.Countries.ExecuteUpdateAsync(s => s.SetProperty(c => c.Name, "b")));
            Assert.False(reading.IsValid());
        });
    }

    [Theory]
    [InlineData(Fault.Command)]
    [InlineData(Fault.Begin)]
    public async Task C8_CommitOfSeveralSavesIsLostAndTheNextAttemptFails_Touches(Fault next)
    {
        await _app.UseAsync(async db =>
        {
            var readings = new[]
            {
                await _app.ReadAsync(other => other.Mappings.SingleAsync(m => m.Id == 7)),
                await _app.ReadAsync(other => other.Countries.SingleAsync(c => c.Code == "sk")),
                await _app.ReadAsync(other => other.Imports.SingleAsync(i => i.Id == 42)),
            };
            _faults.Expect(Fault.LostCommit);
            await Assert.ThrowsAnyAsync<Exception>(() => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
            {
                db.ChangeTracker.Clear();
                if (_faults.IsDone)
                    _faults.Expect(next);
                await using var transaction = await db.Database.BeginTransactionAsync();
                (await db.Mappings.SingleAsync()).Target = "b";
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false);
                (await db.Countries.SingleAsync()).Name = "b";
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false);
                await db.Imports.Where(i => i.Id == 42).ExecuteUpdateAsync(s => s.SetProperty(i => i.Name, "b"));
                await transaction.CommitAsync();
            }));
            Assert.All(readings, r => Assert.False(r.IsValid()));
        });
    }

    [Fact]
    public async Task C8_CommitIsLostAndVerified_Touches()
    {
        await _app.UseAsync(async db =>
        {
            var reading = await _app.ReadAsync(other => other.Countries.SingleAsync(c => c.Code == "sk"));
            (await db.Countries.SingleAsync()).Name = "b";
            _faults.Expect(Fault.LostCommit);
            await db.Database.CreateExecutionStrategy().ExecuteInTransactionAsync(
                db,
                (d, cancel) => d.SaveChangesAsync(acceptAllChangesOnSuccess: false, cancel),
                (d, cancel) => d.Countries.AsNoTracking().AnyAsync(c => c.Name == "b", cancel));
            Assert.False(reading.IsValid());
        });
    }

    [Fact]
    public async Task C8_CommitIsCancelled_Touches()
    {
        await _app.UseAsync(async db =>
        {
            (await db.Mappings.SingleAsync()).Target = "b";
            (await db.Countries.SingleAsync()).Name = "b";
            var reading = await _app.ReadAsync(other => other.Mappings.SingleAsync(m => m.Id == 7));
            _faults.Expect(Fault.CancelledCommit);
            await SaveFailsAsync(db, sync: false);
            Assert.False(reading.IsValid());
        });
    }

    private static async Task SaveFailsAsync(TestDb db, bool sync)
    {
        if (sync)
            Assert.ThrowsAny<Exception>(() => db.SaveChanges());
        else
            await Assert.ThrowsAnyAsync<Exception>(() => db.SaveChangesAsync());
    }

    private async Task<int> CountAsync()
    {
        var count = 0;
        await _app.UseAsync(async db => count = await db.Reviewers.CountAsync());
        return count;
    }

    private sealed class Retrying(Faults faults, bool isSqlite) : IDbContextOptionsConfiguration<TestDb>
    {
        public void Configure(IServiceProvider serviceProvider, DbContextOptionsBuilder optionsBuilder)
        {
            optionsBuilder.AddInterceptors(faults.OfCommands, faults.OfTransactions);
            _ = isSqlite
                ? optionsBuilder.UseSqlite(b => b.ExecutionStrategy(d => new Strategy(d)))
                : optionsBuilder.UseNpgsql(b => b.ExecutionStrategy(d => new Strategy(d)));
        }
    }

    private sealed class Strategy(ExecutionStrategyDependencies dependencies) : ExecutionStrategy(dependencies, 1, TimeSpan.Zero)
    {
        protected override bool ShouldRetryOn(Exception exception) => exception is TimeoutException;
    }
}

public enum Fault
{
    /// <summary>The commit happens, and its answer is lost.</summary>
    LostCommit,

    /// <summary>The commit happens, and whoever waits for it is told that it was cancelled.</summary>
    CancelledCommit,

    /// <summary>The command is carried out, and its answer is lost.</summary>
    LostCommand,

    Commit,
    Command,
    Begin,
}

/// <summary>Faults that come one after the other, each where it belongs.</summary>
internal sealed class Faults
{
    private readonly Queue<Fault> _expected = new();

    public Faults()
    {
        OfCommands = new Commands(this);
        OfTransactions = new Transactions(this);
    }

    public DbCommandInterceptor OfCommands { get; }

    public DbTransactionInterceptor OfTransactions { get; }

    public bool IsDone => _expected.Count == 0;

    public Action<Fault>? BeforeFault { get; set; }

    public void Expect(params Fault[] faults)
    {
        foreach (var fault in faults)
            _expected.Enqueue(fault);
    }

    private bool Comes(Fault fault)
    {
        if (!_expected.TryPeek(out var next) || next != fault)
            return false;
        BeforeFault?.Invoke(fault);
        _expected.Dequeue();
        return true;
    }

    private void Fail(Fault fault)
    {
        if (Comes(fault))
            throw new InvalidOperationException($"{fault} fails.");
    }

    private sealed class Commands(Faults faults) : DbCommandInterceptor
    {
        public override InterceptionResult<int> NonQueryExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<int> result)
        {
            Run(command, eventData);
            return result;
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            new(NonQueryExecuting(command, eventData, result));

        public override InterceptionResult<DbDataReader> ReaderExecuting(DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result)
        {
            Run(command, eventData);
            return result;
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default) =>
            new(ReaderExecuting(command, eventData, result));

        private void Run(DbCommand command, CommandEventData eventData)
        {
            if (eventData.CommandSource is CommandSource.LinqQuery)
                return;
            faults.Fail(Fault.Command);
            if (!faults.Comes(Fault.LostCommand))
                return;
            command.ExecuteNonQuery();
            throw new TimeoutException("The answer is lost.");
        }
    }

    private sealed class Transactions(Faults faults) : DbTransactionInterceptor
    {
        public override InterceptionResult<DbTransaction> TransactionStarting(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result)
        {
            faults.Fail(Fault.Begin);
            return result;
        }

        public override ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection,
            TransactionStartingEventData eventData,
            InterceptionResult<DbTransaction> result,
            CancellationToken cancellationToken = default) => new(TransactionStarting(connection, eventData, result));

        public override InterceptionResult TransactionCommitting(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result)
        {
            faults.Fail(Fault.Commit);
            if (faults.Comes(Fault.CancelledCommit))
            {
                transaction.Commit();
                throw new OperationCanceledException("Nobody waits for the commit.");
            }

            if (!faults.Comes(Fault.LostCommit))
                return result;
            transaction.Commit();
            throw new TimeoutException("The answer is lost.");
        }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
            new(TransactionCommitting(transaction, eventData, result));
    }
}
