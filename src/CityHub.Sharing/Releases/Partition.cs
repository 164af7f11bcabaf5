using System.Runtime.InteropServices;

namespace CityHub.Sharing.Releases;

/// <summary>
/// Which rows of a table the answers so far do not tell apart: its atoms. A set of rows is shown only where each part of an atom that it cuts out, and each that it leaves, is of enough persons; then it divides the
/// atoms. So every set that was ever shown is a union of atoms, and so is every set that follows from them by adding and subtracting: none is of fewer persons, however many questions were asked.
/// Rows are held by blocks, which no question that is asked now tells apart: the atom, the cell of the question and which measured fields have a value.
/// </summary>
/// <param name="smallest">Persons of which a part has at least so many.</param>
/// <param name="ofPersons">False: rows are about nobody, and count by themselves.</param>
/// <param name="atoms">Of each row, by its number in the table; null: all rows are one atom.</param>
/// <param name="kept">The atoms of rows are wanted afterwards.</param>
internal sealed class Partition(int smallest, bool ofPersons, int[]? atoms, bool kept)
{
    /// <summary>Whoever tells apart so many sets of rows tells of rows.</summary>
    public const int MostBlocks = 500_000;

    /// <summary>The cell of rows that the question does not see.</summary>
    public const int Unseen = -1;

    private readonly Dictionary<(int Atom, int Cell, uint Values), int> _known = [];
    private readonly List<Block> _blocks = [];
    private readonly List<List<int>> _atoms = [];
    private readonly Dictionary<int, int> _atomOf = [];
    private int[] _blockOf = [];
    private int _rows;

    /// <summary>By cell: its blocks.</summary>
    private readonly List<List<int>> _cells = [];

    public bool TooMany => _blocks.Count > MostBlocks;

    /// <summary>Some atom was divided: what is kept of the table has to be kept anew.</summary>
    public bool Divided { get; private set; }

    /// <param name="row">Number of the row in the table, each once.</param>
    /// <param name="values">A bit for each measured field that has a value.</param>
    /// <returns>The block of the row.</returns>
    public int Add(long row, int cell, uint values)
    {
        if (atoms is not null && row >= atoms.Length)
            throw new InvalidOperationException($"Row {row} of a table of which {atoms.Length} rows were divided.");
        var atom = atoms is null ? 0 : atoms[row];
        ref var block = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, (atom, cell, values), out var known);
        if (!known)
            block = New(atom, cell, values);
        _blocks[block].Rows++;
        if (kept)
        {
            if (_blockOf.Length <= row)
                Array.Resize(ref _blockOf, (int)Math.Min(Array.MaxLength, Math.Max(1024, row * 2)));
            _blockOf[row] = block;
            _rows = Math.Max(_rows, (int)row + 1);
        }

        return block;
    }

    /// <summary>More persons of the block are wanted: it is not known yet that it has enough.</summary>
    public bool Wants(int block) => ofPersons && _blocks[block].Persons.Count < smallest;

    public void Person(int block, string person) => _blocks[block].Persons.Add(person);

    /// <summary>Rows of the cell; those with a value in a measured field, where one is named by its bit.</summary>
    public IReadOnlyList<int> Of(int cell, uint value = 0) => value == 0 ? _cells[cell] : _cells[cell].FindAll(block => (_blocks[block].Values & value) != 0);

    /// <summary>Whether the rows may be shown together; where they may, they are told apart from all others from now on.</summary>
    public bool Show(IReadOnlyList<int> blocks)
    {
        var parts = new Dictionary<int, List<int>>();
        foreach (var block in blocks)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(parts, _blocks[block].Atom, out _) ??= []).Add(block);
            _blocks[block].Taken = true;
        }

        var shown = parts.Count > 0 && parts.All(part => Enough(part.Value) && (part.Value.Count == _atoms[part.Key].Count || Enough(_atoms[part.Key].Where(block => !_blocks[block].Taken))));
        foreach (var block in blocks)
            _blocks[block].Taken = false;
        if (!shown)
            return false;
        foreach (var (atom, part) in parts)
            if (part.Count < _atoms[atom].Count)
                Divide(atom, part);
        return true;
    }

    /// <summary>The persons of the rows, where they are too few.</summary>
    public IEnumerable<string> Few(IReadOnlyList<int> blocks) => Enough(blocks) ? [] : blocks.SelectMany(block => _blocks[block].Persons);

    /// <summary>Of the cell: rows without a value in the field.</summary>
    public IReadOnlyList<int> Without(int cell, uint value) => _cells[cell].FindAll(block => (_blocks[block].Values & value) == 0);

    public long RowsOf(int cell) => _cells[cell].Sum(block => _blocks[block].Rows);

    /// <summary>The atom of each row, by its number in the table.</summary>
    public int[] Atoms()
    {
        var of = new int[_rows];
        for (var row = 0; row < of.Length; row++)
            of[row] = _blocks[_blockOf[row]].Atom;
        return of;
    }

    private int New(int atom, int cell, uint values)
    {
        if (!_atomOf.TryGetValue(atom, out var mine))
        {
            _atomOf.Add(atom, mine = _atoms.Count);
            _atoms.Add([]);
        }

        var block = _blocks.Count;
        _blocks.Add(new Block(mine, _atoms[mine].Count, values));
        _atoms[mine].Add(block);
        if (cell != Unseen)
        {
            while (_cells.Count <= cell)
                _cells.Add([]);
            _cells[cell].Add(block);
        }

        return block;
    }

    private void Divide(int atom, List<int> part)
    {
        Divided = true;
        var others = _atoms[atom];
        foreach (var block in part)
        {
            var last = others[^1];
            (others[_blocks[block].Place], _blocks[last].Place) = (last, _blocks[block].Place);
            others.RemoveAt(others.Count - 1);
        }

        for (var i = 0; i < part.Count; i++)
            (_blocks[part[i]].Atom, _blocks[part[i]].Place) = (_atoms.Count, i);
        _atoms.Add(part);
    }

    /// <summary>Ends as soon as it is sure: what is left of a large atom is looked at for each part of it.</summary>
    private bool Enough(IEnumerable<int> blocks)
    {
        var (rows, persons) = (0L, (HashSet<string>?)null);
        foreach (var one in blocks)
        {
            var block = _blocks[one];
            if ((rows += block.Rows) >= smallest && !ofPersons)
                return true;
            if (block.Persons.Count >= smallest)
                return true;
            (persons ??= new(StringComparer.Ordinal)).UnionWith(block.Persons);
            if (persons.Count >= smallest)
                return true;
        }

        return false;
    }

    private sealed class Block(int atom, int place, uint values)
    {
        public int Atom { get; set; } = atom;

        /// <summary>Among the blocks of the atom.</summary>
        public int Place { get; set; } = place;

        public uint Values { get; } = values;

        public long Rows { get; set; }

        public bool Taken { get; set; }

        /// <summary>As many as it takes to know that they are enough.</summary>
        public HashSet<string> Persons { get; } = new(0, StringComparer.Ordinal);
    }
}
