import { contribute } from '@dbsync/core/plugin'

export default contribute({})
