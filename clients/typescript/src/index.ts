export { createClient } from './client';
export type { ChangeListener, Client, ClientOptions, Status, StatusListener } from './client';
export type { TokenSource } from './connection';
export type { Channel, Environment, Locks, Socket } from './environment';
export type { Stats } from './fetch';
export type { Change, ChangeAction } from './messages';
export type { Reading, Tracking } from './readings';
